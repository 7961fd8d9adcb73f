/** The normal forms of request fields that are in the key by a rule. There are as few of them as the rule names. */
import { listMembers } from "../../../http/message/comma-list.ts";
import type { Fields } from "../../../http/message/fields.ts";
import { cookiesOf } from "./request-pairs.ts";

/** Only the named cookies, in the order of the names. */
export function namedCookies(fields: Fields, names: readonly string[]): Fields {
  if (!fields.has("Cookie")) return fields;
  const cookies = cookiesOf(fields);
  const kept = names.flatMap((name) => cookies.filter((cookie) => cookie[0] === name));
  if (kept.length === 0) return fields.without(["Cookie"]);
  return fields.with("Cookie", kept.map(([name, value]) => `${name}=${value}`).join("; "));
}

/** What programs say that run on a telephone. Tablets get the page of a desktop, as most sites have it. */
const MOBILE = /\bMobi|\bAndroid\b.*\bMobile\b|\biPhone\b|\biPod\b|\bOpera Mini\b|\bIEMobile\b/i;
/** By these, origins that look for a telephone find one. They are of no browser in particular. */
const USER_AGENTS = {
  mobile: "Mozilla/5.0 (Linux; Android 10; K) Mobile",
  desktop: "Mozilla/5.0 (X11; Linux x86_64)",
} as const;

export function deviceClass(fields: Fields): Fields {
  const agent = fields.get("User-Agent") ?? "";
  return fields.with("User-Agent", USER_AGENTS[MOBILE.test(agent) ? "mobile" : "desktop"]);
}

/** The media type of the first of these formats that the client accepts by name; else Accept is left out. */
export function acceptedFormat(fields: Fields, formats: readonly string[]): Fields {
  const accepted = wanted(fields.all("Accept").flatMap(listMembers));
  const format = formats.find((each) => (accepted.get(`image/${each}`) ?? 0) > 0);
  return format === undefined ? fields.without(["Accept"]) : fields.with("Accept", `image/${format}`);
}

/** RFC 4647 section 3.4: the language of the site that the client wants most; else Accept-Language is left out. */
export function wantedLanguage(fields: Fields, languages: readonly string[]): Fields {
  const ranges = [...wanted(fields.all("Accept-Language").flatMap(listMembers))]
    .filter(([, weight]) => weight > 0)
    .sort(([, a], [, b]) => b - a);
  for (const [range] of ranges) {
    const found = languages.find((language) => isFor(range, language.toLowerCase()));
    if (found !== undefined) return fields.with("Accept-Language", found);
  }
  return fields.without(["Accept-Language"]);
}

/** `de-AT` is for `de`, and `de` for `de-AT` where a site has no other. */
function isFor(range: string, language: string): boolean {
  return range === language || range.startsWith(`${language}-`) || language.startsWith(`${range}-`);
}

/** RFC 9110 section 12.4.2: in lower case, with their weights. */
function wanted(members: readonly string[]): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of members) {
    const [name = "", ...parameters] = member.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight) || 0);
  }
  return weights;
}
