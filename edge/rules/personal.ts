import { listMembers } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import type { CachePolicy } from "./cache-policy.ts";
import type { SiteRules } from "./site-rules.ts";

/**
 * Fields by which an origin tells one client, or one kind of request, from another, often without Vary: keys that
 * stand for Authorization, and the mark of a script's request.
 */
const PERSONAL = ["api-key", "apikey", "x-access-token", "x-api-key", "x-auth-token", "x-requested-with"];

/** Their names in lower case. An origin gets these fields, and its answer is for the client that sent them. */
export const PERSONAL_FIELDS: ReadonlySet<string> = new Set(["cookie", ...PERSONAL]);
const PERSONAL_AND_COOKIE = [...PERSONAL_FIELDS];

/** Whether a request has a field by which an origin may identify its client. */
export function hasCredentials(request: Fields): boolean {
  return request.has("authorization") || PERSONAL_AND_COOKIE.some((name) => request.has(name));
}

/**
 * Whether a response may be one client's own. A field that Vary names is in the selection of variants, so it is not
 * counted. The response may say that it is for all.
 */
export function isPersonal(
  request: Fields,
  response: Fields,
  policy: CachePolicy,
  { requestCookie }: Pick<SiteRules, "requestCookie">,
): boolean {
  const names = requestCookie === "obey" ? PERSONAL : PERSONAL_AND_COOKIE;
  if (!names.some((name) => request.has(name)) || isForAll(policy)) return false;
  const sent = names.filter((name) => request.has(name));
  const varied = response.all("vary").flatMap(listMembers);
  return sent.some((name) => !varied.some((member) => member.toLowerCase() === name));
}

/** Whether the origin says that a shared cache may keep it: a field for such caches, `public`, or `s-maxage`. */
export function isForAll({ source, directives }: CachePolicy): boolean {
  return source !== "Cache-Control" || directives.public || directives.sMaxage !== undefined;
}
