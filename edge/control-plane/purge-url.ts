import { authorityText } from "../../http/message/authority.ts";
import { parseTarget } from "../../http/message/request-target.ts";
import type { Scheme } from "../../http/message/scheme.ts";
import { MOST_URL } from "../../purge-log/purge.ts";

/** A URL as a purge or an explanation names it. */
export interface NamedUrl {
  /** http for a bare path. */
  readonly scheme: Scheme;
  /** host[:port]; undefined for a bare path. */
  readonly authority: string | undefined;
  /** Path with optional query, byte for byte as written: it must equal what clients ask for. */
  readonly target: string;
}

/** What parseUrl takes, in words. */
export const URL_RULE =
  `must be a path beginning with "/" or an http(s) URL, at most ${MOST_URL} visible ASCII characters, ` +
  `percent-encoded, without "#" and "\\"`;

/** Takes what the data port would take as a request target; undefined for anything else. */
export function parseUrl(text: string): NamedUrl | undefined {
  const target = text.length > MOST_URL ? "target-form" : parseTarget(text);
  if (typeof target === "string") return undefined;
  const { absolute, path } = target;
  if (absolute === undefined) return { scheme: "http", authority: undefined, target: path };
  const scheme = absolute.defaultPort === 443 ? "https" : "http";
  return { scheme, authority: authorityText(absolute.authority), target: path };
}

/** What isPrefix takes, in words. */
export const PREFIX_RULE = `must begin with "/" and have at most ${MOST_URL} visible ASCII characters, without "#" and "\\"`;

/** Whether a URL that parseUrl takes can begin so. A prefix may end at any character, also within an escape. */
export function isPrefix(text: string): boolean {
  return text.startsWith("/") && text.length <= MOST_URL && !/[^\x21-\x7e]|[#\\]/.test(text);
}
