import type { Selecting } from "../rules/exchange.ts";
import { sentFields } from "../rules/sent-fields.ts";
import type { StoredResponse } from "./stored-response.ts";

const NOTHING_SELECTS: Selecting = new Map();
const NO_TAGS: readonly string[] = [];

/**
 * The same response for keeping. Its texts are often views of larger ones, such as the whole head of the request, which
 * would be kept with them. So they are copied, and what many responses have in common is shared.
 */
export function inOwnMemory(stored: StoredResponse): StoredResponse {
  const { target, selecting, tags, fields, clientFields } = stored;
  const key = ownText(stored.key);
  const packed = fields.packed();
  return {
    ...stored,
    key,
    // A view of the key, which is kept anyway.
    target: key.endsWith(target) ? key.slice(key.length - target.length) : ownText(target),
    fields: packed,
    clientFields: clientFields === fields ? packed : clientFields.packed(),
    sent: sentFields(clientFields, stored.bodyLength),
    selecting: selecting.size === 0 ? NOTHING_SELECTS : ownSelecting(selecting),
    tags: tags.length === 0 ? NO_TAGS : tags.map(ownText),
  };
}

function ownSelecting(selecting: Selecting): Selecting {
  return new Map(
    [...selecting].map(([name, value]) => [ownText(name), value === undefined ? undefined : ownText(value)]),
  );
}

/** A text that is no view of another one. Text from outside has a byte a char, and the engine keeps it so. */
function ownText(text: string): string {
  const own = Buffer.from(text, "latin1").toString("latin1");
  return own === text ? own : text;
}
