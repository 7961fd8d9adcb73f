import { type BareItem, type InnerList, type Item, isInnerList, parseDictionary } from "structured-headers";
import type { Fields } from "../../http/message/fields.ts";
import {
  type Directive,
  deltaSeconds,
  parseDirectives,
  type ResponseDirectives,
  responseDirectives,
} from "./directives.ts";

export type PolicySource =
  | "EdgeCache-Cache-Control"
  | "CDN-Cache-Control"
  | "Surrogate-Control"
  | "Cache-Control";

/** The directives that govern a response here, and the field that they come from. */
export interface CachePolicy {
  /** "Cache-Control" also when there is no such field. */
  readonly source: PolicySource;
  readonly directives: ResponseDirectives;
}

/** RFC 9213 section 2.2: our target list, the most specific first. */
const TARGETED = ["EdgeCache-Cache-Control", "CDN-Cache-Control"] as const;

/**
 * Which field governs. RFC 9213 section 2.2: the first targeted field that is valid and not empty governs alone, and
 * Cache-Control and Expires are ignored. Without a targeted field it is Surrogate-Control, which by its definition (W3C
 * Edge Architecture) goes before Cache-Control. Without that it is Cache-Control with Expires.
 */
export function cachePolicy(fields: Fields): CachePolicy {
  for (const source of TARGETED) {
    const value = fields.get(source);
    const directives = value === undefined ? undefined : targetedDirectives(value);
    if (directives !== undefined) return { source, directives: responseDirectives(directives) };
  }
  const surrogate = fields.has("surrogate-control")
    ? surrogateDirectives(fields.all("surrogate-control"))
    : undefined;
  if (surrogate !== undefined)
    return { source: "Surrogate-Control", directives: responseDirectives(surrogate) };
  return cacheControlPolicy(fields.all("cache-control"));
}

/** The last Cache-Control of one line that was parsed. Most responses of an origin have the same. */
let last: { readonly text: string; readonly policy: CachePolicy } | undefined;

function cacheControlPolicy(lines: readonly string[]): CachePolicy {
  const text = lines.length === 1 ? lines[0] : undefined;
  if (text !== undefined && text === last?.text) return last.policy;
  const policy: CachePolicy = {
    source: "Cache-Control",
    directives: responseDirectives(parseDirectives(lines)),
  };
  if (text !== undefined) last = { text, policy };
  return policy;
}

/** Directives whose value is an Integer (RFC 9213 section 2.1). */
const SECONDS: ReadonlySet<string> = new Set([
  "max-age",
  "s-maxage",
  "stale-while-revalidate",
  "stale-if-error",
]);

/** RFC 9213 section 2.1: a Dictionary. undefined: it is empty, or an error anywhere in it voids the whole field. */
function targetedDirectives(value: string): readonly Directive[] | undefined {
  let members: ReturnType<typeof parseDictionary>;
  try {
    members = parseDictionary(value);
  } catch {
    return undefined;
  }
  const directives: Directive[] = [];
  for (const [name, member] of members) {
    const item = bareItemOf(member);
    if (SECONDS.has(name)) {
      // RFC 9213 section 2.1: a value of another type must not be coerced.
      if (typeof item !== "number" || deltaSeconds(String(item)) === "invalid") return undefined;
      directives.push({ name, argument: String(item) });
    } else if (item === true) directives.push({ name, argument: undefined });
    // An argument of another type cannot be read: `private` and `no-cache` then cover the whole response.
    else if (item !== false) directives.push({ name, argument: typeof item === "string" ? item : "" });
  }
  return members.size === 0 ? undefined : directives;
}

function bareItemOf(member: Item | InnerList): BareItem | undefined {
  return isInnerList(member) ? undefined : member[0];
}

/**
 * Surrogate-Control counts when it says how long to keep the response, or not to keep it. A directive with a `;target`
 * is for the surrogate of that name and not for us. In `max-age=freshness+extension` the extension is ignored.
 */
function surrogateDirectives(lines: readonly string[]): readonly Directive[] | undefined {
  const ours = parseDirectives(lines)
    .filter(({ argument }) => argument === undefined || !argument.includes(";"))
    .map(({ name, argument }) => ({
      name,
      argument: name === "max-age" ? argument?.split("+", 1)[0] : argument,
    }))
    .filter(({ name, argument }) => name === "no-store" || (name === "max-age" && isSeconds(argument)));
  return ours.length === 0 ? undefined : ours;
}

function isSeconds(argument: string | undefined): boolean {
  return deltaSeconds(argument) !== "invalid";
}
