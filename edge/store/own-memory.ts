import type { Selecting } from "../rules/exchange.ts";
import { sentFields } from "../rules/sent-fields.ts";
import type { StoredResponse } from "./stored-response.ts";

// A small body becomes one piece, which a hit writes in one call. A large body is copied piece by piece.
const PIECE = 1024 * 1024;

/**
 * Copies the bytes into memory of their own. A chunk from a socket is often a view of a larger slab, and a stored view
 * would keep the whole slab.
 */
export function inPieces(chunks: readonly Uint8Array[], length: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let piece = new Uint8Array(Math.min(PIECE, length));
  let filled = 0;
  let left = length;
  for (const chunk of chunks) {
    let offset = 0;
    while (offset < chunk.byteLength) {
      const part = chunk.subarray(offset, offset + piece.byteLength - filled);
      piece.set(part, filled);
      filled += part.byteLength;
      offset += part.byteLength;
      left -= part.byteLength;
      if (filled === piece.byteLength) {
        pieces.push(piece);
        piece = new Uint8Array(Math.min(PIECE, left));
        filled = 0;
      }
    }
  }
  return pieces;
}

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
