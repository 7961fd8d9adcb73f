import { listMembers, trimSpace, unquoted } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import { isToken, TCHAR } from "../../http/message/token.ts";

/** One cache directive. `argument` is undefined when there is none. */
export interface Directive {
  /** Lower case. */
  readonly name: string;
  readonly argument: string | undefined;
}

/** Seconds from 0 to 2^31; "invalid" when the directive is there but its argument is no such number. */
export type DeltaSeconds = number | "invalid";

/** What `private` or `no-cache` covers: the whole response, or the fields with these lower-case names. */
export type Scope = "all" | ReadonlySet<string>;

/** Response directives (RFC 9111 section 5.2.2, RFC 5861, RFC 8246). undefined: the directive is absent. */
export interface ResponseDirectives {
  readonly maxAge: DeltaSeconds | undefined;
  readonly sMaxage: DeltaSeconds | undefined;
  readonly staleWhileRevalidate: DeltaSeconds | undefined;
  readonly staleIfError: DeltaSeconds | undefined;
  readonly noCache: Scope | undefined;
  readonly private: Scope | undefined;
  readonly noStore: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly public: boolean;
  readonly immutable: boolean;
}

/** Request directives (RFC 9111 section 5.2.1, RFC 5861 section 4). */
export interface RequestDirectives {
  readonly maxAge: DeltaSeconds | undefined;
  /** "any": stale by any time. */
  readonly maxStale: DeltaSeconds | "any" | undefined;
  readonly minFresh: DeltaSeconds | undefined;
  readonly staleIfError: DeltaSeconds | undefined;
  readonly noCache: boolean;
  readonly noStore: boolean;
  readonly onlyIfCached: boolean;
}

/** RFC 9111 section 1.2.2: a greater number of seconds is taken as this one, 2^31. */
export const MAX_DELTA_SECONDS = 2_147_483_648;

/** RFC 9111 section 1.2.2: digits only; leading zeros are digits. */
export function deltaSeconds(text: string | undefined): DeltaSeconds {
  if (text === undefined || !/^[0-9]+$/.test(text)) return "invalid";
  return Math.min(Number(text), MAX_DELTA_SECONDS);
}

/** For permissions: an unreadable number of seconds permits nothing. */
export function secondsOrZero(seconds: DeltaSeconds | undefined): number {
  return typeof seconds === "number" ? seconds : 0;
}

/** The directives of a Cache-Control field, line by line so that one broken line cannot hide another. */
export function parseDirectives(lines: readonly string[]): readonly Directive[] {
  return lines.flatMap(listMembers).map(parseDirective);
}

const TOKEN = new RegExp(`^${TCHAR}+`);

/** Marks the text that follows a name without "=". No token and no number contains it, so the argument is invalid. */
const UNREADABLE = "?";

function parseDirective(member: string): Directive {
  const name = TOKEN.exec(member)?.[0] ?? "";
  const rest = member.slice(name.length);
  if (rest === "") return { name: name.toLowerCase(), argument: undefined };
  // RFC 9111 section 5.2: an argument may come as token or quoted-string, whichever form is required of senders.
  const argument = rest[0] === "=" ? (unquoted(rest.slice(1)) ?? rest.slice(1)) : UNREADABLE + rest;
  return { name: name.toLowerCase(), argument };
}

/** Reads parsed directives as response directives. The first of several alike counts (RFC 9111 section 4.2.1). */
export function responseDirectives(directives: readonly Directive[]): ResponseDirectives {
  const seconds = (name: string): DeltaSeconds | undefined => secondsOf(directives, name);
  const restricts = (name: string): boolean => directives.some((directive) => directive.name === name);
  // A permission with an argument that its definition does not have permits nothing.
  const permits = (name: string): boolean =>
    directives.some((directive) => directive.name === name && directive.argument === undefined);
  return {
    maxAge: seconds("max-age"),
    sMaxage: seconds("s-maxage"),
    staleWhileRevalidate: seconds("stale-while-revalidate"),
    staleIfError: seconds("stale-if-error"),
    noCache: scopeOf(directives, "no-cache"),
    private: scopeOf(directives, "private"),
    noStore: restricts("no-store"),
    mustRevalidate: restricts("must-revalidate"),
    proxyRevalidate: restricts("proxy-revalidate"),
    mustUnderstand: permits("must-understand"),
    public: permits("public"),
    immutable: permits("immutable"),
  };
}

const NO_DEMANDS: RequestDirectives = {
  maxAge: undefined,
  maxStale: undefined,
  minFresh: undefined,
  staleIfError: undefined,
  noCache: false,
  noStore: false,
  onlyIfCached: false,
};

export function requestDirectives(fields: Fields): RequestDirectives {
  // As most requests are.
  if (!fields.has("cache-control") && !fields.has("pragma")) return NO_DEMANDS;
  const directives = parseDirectives(fields.all("cache-control"));
  const has = (name: string): boolean => directives.some((directive) => directive.name === name);
  const maxStale = directives.find((directive) => directive.name === "max-stale");
  return {
    maxAge: secondsOf(directives, "max-age"),
    // RFC 9111 section 5.2.1.2: without an argument, stale by any time.
    maxStale: maxStale && (maxStale.argument === undefined ? "any" : deltaSeconds(maxStale.argument)),
    minFresh: secondsOf(directives, "min-fresh"),
    staleIfError: secondsOf(directives, "stale-if-error"),
    noCache: has("no-cache") || pragmaNoCache(fields),
    noStore: has("no-store"),
    onlyIfCached: has("only-if-cached"),
  };
}

/** RFC 9111 section 5.4: Pragma counts only where Cache-Control is absent. */
function pragmaNoCache(fields: Fields): boolean {
  if (fields.has("cache-control")) return false;
  return parseDirectives(fields.all("pragma")).some((directive) => directive.name === "no-cache");
}

function secondsOf(directives: readonly Directive[], name: string): DeltaSeconds | undefined {
  const found = directives.find((directive) => directive.name === name);
  return found === undefined ? undefined : deltaSeconds(found.argument);
}

/**
 * Fields that the cache itself reads. Without one of them the rest of a stored response would mean something else, so a
 * directive that names one covers the whole response.
 */
const WORKED_WITH: ReadonlySet<string> = new Set([
  "age",
  "cache-control",
  "cdn-cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "date",
  "edgecache-cache-control",
  "etag",
  "expires",
  "last-modified",
  "surrogate-control",
  "vary",
]);

/**
 * RFC 9111 sections 5.2.2.4 and 5.2.2.7: with field names only those fields are covered. Strict: an empty or
 * malformed list of names, or one directive of several without names, covers the whole response.
 */
function scopeOf(directives: readonly Directive[], name: string): Scope | undefined {
  const found = directives.filter((directive) => directive.name === name);
  if (found.length === 0) return undefined;
  const names = new Set<string>();
  for (const { argument } of found) {
    const listed = argument === undefined ? [] : argument.split(",").map(trimSpace);
    if (listed.length === 0 || !listed.every(isPlainFieldName)) return "all";
    for (const field of listed) names.add(field.toLowerCase());
  }
  return names;
}

function isPlainFieldName(text: string): boolean {
  return isToken(text) && !WORKED_WITH.has(text.toLowerCase());
}
