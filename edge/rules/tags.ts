import { isInnerList, parseList } from "structured-headers";
import { trimSpace } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";

/** Why the tags of a response cannot be kept. It must not be stored then: a purge by tag would miss it. */
export type TagRefusal =
  /** Cache-Groups is not a List of Strings. */
  | "malformed"
  /** More than 100 tags. */
  | "too-many"
  /** A tag of more than 256 characters. */
  | "too-long"
  /** A tag has control characters, or characters outside of ASCII, whose encoding is unknown. */
  | "not-printable";

export type Tags =
  | { readonly kind: "tags"; readonly tags: readonly string[] }
  | { readonly kind: "refused"; readonly reason: TagRefusal };

/** RFC 9875 section 2 asks for at least 32 groups of at least 32 characters. */
const MOST_TAGS = 100;
const LONGEST_TAG = 256;

/** The tags of a response: the members of Cache-Groups, Surrogate-Key and Cache-Tag, each once. */
export function tagsOf(fields: Fields): Tags {
  const groups = cacheGroups(fields.get("cache-groups"));
  if (groups === undefined) return { kind: "refused", reason: "malformed" };
  const tags = new Set(groups);
  // Surrogate-Key separates by spaces, Cache-Tag by commas.
  for (const line of fields.all("surrogate-key")) addAll(tags, line.split(" "));
  for (const line of fields.all("cache-tag")) addAll(tags, line.split(","));
  const reason = refusal(tags);
  return reason === undefined ? { kind: "tags", tags: [...tags] } : { kind: "refused", reason };
}

/** The members of Cache-Groups or Cache-Group-Invalidation, a List of Strings (RFC 9875 sections 2 and 3). */
export function cacheGroups(value: string | undefined): readonly string[] | undefined {
  if (value === undefined) return [];
  const groups: string[] = [];
  try {
    for (const member of parseList(value)) {
      if (isInnerList(member) || typeof member[0] !== "string") return undefined;
      groups.push(member[0]);
    }
  } catch {
    return undefined;
  }
  return groups;
}

function addAll(tags: Set<string>, members: readonly string[]): void {
  for (const member of members.map(trimSpace)) if (member !== "") tags.add(member);
}

function refusal(tags: ReadonlySet<string>): TagRefusal | undefined {
  if (tags.size > MOST_TAGS) return "too-many";
  for (const tag of tags) {
    if (tag.length > LONGEST_TAG) return "too-long";
    if (/[^\x20-\x7e]/.test(tag)) return "not-printable";
  }
  return undefined;
}
