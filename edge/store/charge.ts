import { recordTexts } from "./record.ts";
import { hasOwnBody, type RecordSizes } from "./record-layout.ts";
import { blockSize } from "./slab.ts";
import { keptBytes, keptChunks, type StoredResponse } from "./stored-response.ts";

// Rows of the tables, in bytes: of the key 20, of the response 28, its place at its path 20, the path 16, its places in the
// orders of eviction 44, with 32 for counts and for what was given up. The heads of two chains are 8 to 16.
const ROWS = 176;
// Its place under a tag is 20, and the tag 16 where no other response has it, with 4 to 8 for its chain.
const TAG = 44;
// What a heap holds after a full collection, with node 26: a piece of a body beside its bytes, and the objects by which a
// response is found that stands for other targets.
const PIECE = 320;
const STAND_IN = 800;

/** Bytes of memory that a stored response is charged for. */
export function chargedBytes(stored: StoredResponse): number {
  const { tags, variance } = stored;
  const { length } = recordTexts(stored);
  const sizes = { length, bodyLength: keptBytes(stored), tags: tags.length, varies: variance !== undefined };
  return chargeOf(sizes, keptChunks(stored).length);
}

/** `pieces`: of its body. */
export function chargeOf({ length, bodyLength, tags, varies }: RecordSizes, pieces: number): number {
  const body = hasOwnBody(bodyLength) ? bodyLength + pieces * PIECE : 0;
  return ROWS + blockSize(length) + tags * TAG + body + (varies ? STAND_IN : 0);
}
