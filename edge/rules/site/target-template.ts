import { pathOf } from "./path-readings.ts";

/** The parts of a request that a template may have. */
export interface TemplateParts {
  readonly target: string;
  readonly host: string;
  /** What `**` stands for, at the end of the path of the rule. */
  readonly rest: string;
}

const PLACEHOLDER = /\{(path|rest|host)\}/g;

/** The text with its placeholders filled in. The query of the request stays, unless the text has one of its own. */
export function filledTemplate(template: string, { target, host, rest }: TemplateParts): string {
  const path = pathOf(target);
  const filled = template.replace(PLACEHOLDER, (_, name: string) => {
    if (name === "host") return host;
    return name === "path" ? path : rest;
  });
  const query = template.includes("?") ? "" : target.slice(path.length);
  // RFC 3986 section 4.2: a reference that begins with two slashes names another host.
  return (filled.startsWith("/") ? filled.replace(/^\/+/, "/") : filled) + query;
}

/**
 * What `**` stands for at the end of a pattern such as `/a/**`, as the client wrote it. Nothing, where the path spells the
 * text before it in another way.
 */
export function restOf(patterns: readonly string[], target: string): string {
  const path = pathOf(target);
  for (const pattern of patterns) {
    if (!pattern.endsWith("/**")) continue;
    const begin = pattern.slice(0, -2);
    if (path.startsWith(begin)) return path.slice(begin.length);
  }
  return "";
}
