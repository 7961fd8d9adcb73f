import { listMembers, trimSpace } from "../../http/message/comma-list.ts";
import { Fields } from "../../http/message/fields.ts";
import { isToken, TCHAR } from "../../http/message/token.ts";
import type { CacheRequest, Selecting } from "./exchange.ts";
import { weighted } from "./weight.ts";

/** More names than any sensible origin varies on. */
const MOST_NAMES = 16;
/** Characters of all selecting values of one variant; a client must not fill the store with field values. */
const MOST_CHARACTERS = 4096;
/** The mark of the site's rules that have shaped a response (matched-rules.ts). No field has such a name. */
const MARK = ":rules";

/**
 * What must agree before a response is used for another request (RFC 9111 section 4.1). "never": Vary names
 * "*", or cannot be read, or names more than we keep.
 */
export function selectingFields(responseFields: Fields, request: CacheRequest): Selecting | "never" {
  const selecting = new Map<string, string | undefined>();
  let characters = 0;
  for (const member of responseFields.all("vary").flatMap(listMembers)) {
    const name = member.toLowerCase();
    // RFC 9111 section 4.1: a member "*" always fails to match.
    if (name === "*" || !isToken(name)) return "never";
    const value = selectingValue(name, request);
    if (!selecting.has(name)) characters += name.length + (value?.length ?? 0);
    selecting.set(name, value);
  }
  if (selecting.size > MOST_NAMES || characters > MOST_CHARACTERS) return "never";
  const mark = request.matched?.mark;
  if (mark !== undefined) selecting.set(MARK, mark);
  return selecting;
}

/** RFC 9111 section 4.1: every field that Vary named has the value it had; absent only if it was absent. */
export function selects(selecting: Selecting, request: CacheRequest): boolean {
  if (markIn(selecting) !== request.matched?.mark) return false;
  for (const [name, value] of selecting) {
    if (selectingValue(name, request) !== value) return false;
  }
  return true;
}

/** The mark of the site's rules that have shaped the response. */
export function markIn(selecting: Selecting): string | undefined {
  return selecting.size === 0 ? undefined : selecting.get(MARK);
}

/** The fields of a request that selects the response, and no others: those that Vary names and the first request had. */
export function fieldsSelecting(selecting: Selecting): Fields {
  const lines: [string, string][] = [];
  for (const [name, value] of selecting) if (value !== undefined && name !== MARK) lines.push([name, value]);
  return Fields.of(lines);
}

/** Fields whose value is one text, in which a comma separates nothing (RFC 9110, RFC 6265). */
const NOT_LISTS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "from",
  "host",
  "origin",
  "proxy-authorization",
  "referer",
  "sec-ch-ua",
  "user-agent",
]);

/**
 * A value for comparison: the same text for two values only if they mean the same (RFC 9111 section 4.1). Lines
 * of one name are one list (RFC 9110 section 5.3). A value that its field's grammar does not allow is compared
 * as it is. It equals no other normal form, because every normal form is well-formed.
 */
export function selectingValue(name: string, request: CacheRequest): string | undefined {
  const value = asForwarded(name, request);
  if (value === undefined) return undefined;
  if (NOT_LISTS.has(name)) return trimSpace(value);
  switch (name) {
    case "accept":
    case "accept-charset":
    case "accept-encoding":
    case "accept-language":
      return preferences(name, value) ?? trimSpace(value);
    default:
      // White space around the commas of a list means nothing (RFC 9110 section 5.6.1); the order may.
      return listMembers(value).join(",");
  }
}

/** The value that the origin gets. Of the fields that say how the request came, it is this edge's and not the client's. */
function asForwarded(
  name: string,
  { fields, scheme, authority, addresses, matched, negotiation }: CacheRequest,
): string | undefined {
  switch (name) {
    case MARK:
      return matched?.mark;
    case "accept-encoding":
      return negotiation === undefined ? fields.get(name) : "identity";
    case "available-dictionary":
      return negotiation?.byPrevious === true ? undefined : fields.get(name);
    case "x-forwarded-for":
      return addresses;
    case "x-forwarded-host":
      return authority;
    case "x-forwarded-proto":
      return scheme;
    default:
      return fields.get(name);
  }
}

/**
 * RFC 9110 section 12.5: ranges with weights. The order and the white space mean nothing, names are
 * case-insensitive, and a weight of 1 is no weight. undefined when the value is malformed.
 */
function preferences(name: string, value: string): string | undefined {
  const ranges = new Set<string>();
  for (const member of listMembers(value)) {
    const range = preference(name, member);
    if (range === undefined) return undefined;
    ranges.add(range);
  }
  return [...ranges].sort().join(",");
}

const RANGES = {
  // RFC 9110 section 12.5.1: a media range, perhaps with parameters, whose values may be case-sensitive.
  accept: new RegExp(`^(?<name>${TCHAR}+/${TCHAR}+)(?<parameters>(?:[ \\t]*;[ \\t]*${TCHAR}+=${TCHAR}+)*)$`),
  plain: new RegExp(`^(?<name>${TCHAR}+)(?<parameters>)$`),
};

function preference(name: string, member: string): string | undefined {
  const { range, weight } = weighted(member);
  const parts = (name === "accept" ? RANGES.accept : RANGES.plain).exec(range)?.groups;
  if (parts === undefined) return undefined;
  const parameters = (parts.parameters ?? "").replace(/[ \t]/g, "");
  // No standard defines the extensions after a weight, so their meaning is unknown.
  if (/;q=/i.test(parameters)) return undefined;
  return `${parts.name?.toLowerCase()}${parameters}${weight === 1 ? "" : `;q=${weight}`}`;
}
