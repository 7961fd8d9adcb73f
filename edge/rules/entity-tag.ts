/** An entity tag (RFC 9110 section 8.8.3). */
export interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

// RFC 9110 section 8.8.3: "W/" is case-sensitive, the quotes belong to it, and there are no escapes inside.
const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/y;

/** undefined when `text` is not exactly one entity tag. */
export function parseEntityTag(text: string | undefined): EntityTag | undefined {
  if (text === undefined) return undefined;
  const found = tagAt(text, 0);
  return found !== undefined && found.end === text.length ? found.tag : undefined;
}

/** RFC 9110 section 8.8.3.2: neither is weak, and they are the same. */
export function strongMatch(a: EntityTag | undefined, b: EntityTag | undefined): boolean {
  return a !== undefined && b !== undefined && !a.weak && !b.weak && a.opaque === b.opaque;
}

/** RFC 9110 section 8.8.3.2: they are the same, weak or not. */
export function weakMatch(a: EntityTag | undefined, b: EntityTag | undefined): boolean {
  return a !== undefined && b !== undefined && a.opaque === b.opaque;
}

/**
 * Whether `matches` holds for some tag of the list (the value of If-Match or If-None-Match). One pass over any text: a
 * member that is not an entity tag is skipped up to the next comma.
 */
export function someTag(list: string, matches: (tag: EntityTag) => boolean): boolean {
  let at = 0;
  while (at < list.length) {
    const char = list[at];
    if (char === "," || char === " " || char === "\t") {
      at += 1;
      continue;
    }
    const found = tagAt(list, at);
    if (found !== undefined && matches(found.tag)) return true;
    at = found?.end ?? nextComma(list, at);
  }
  return false;
}

function tagAt(text: string, at: number): { tag: EntityTag; end: number } | undefined {
  ENTITY_TAG.lastIndex = at;
  const match = ENTITY_TAG.exec(text);
  if (match === null) return undefined;
  return { tag: { weak: match[1] !== undefined, opaque: match[2] ?? "" }, end: at + match[0].length };
}

function nextComma(text: string, at: number): number {
  const comma = text.indexOf(",", at);
  return comma === -1 ? text.length : comma;
}
