import { encodingNames } from "../rules/compression.ts";
import type { Extent } from "./slab.ts";
import type { SoughtKey } from "./sought-key.ts";

// The 32-bit words. Word 0 of a block that is free belongs to the slab.
export const KEY = 1;
export const TARGET = 2;
export const LINES = 3;
export const CLIENT_LINES = 4;
export const TAGS = 5;
/** Of the text that no other record shares. */
export const OWN = 6;
export const TAG_COUNT = 7;
/** Below it the flags, above it the status. */
export const STATUS_AND_FLAGS = 8;
export const STATUS_SHIFT = 8;
/** Where in the lines the opaque part of the entity tag begins, with its length beside it. */
export const ETAG = 9;
export const ETAG_LENGTH = 10;
/** The address of the shape, which many records share. */
export const SHAPE = 11;
export const FLUSHES = 12;
export const INVALIDATIONS = 13;
/** The first of the lengths of its encodings, in the order of their names. */
export const ENCODINGS = 14;
// Numbers of 64 bits stand behind them.
const WORDS = 2 * Math.ceil((ENCODINGS + encodingNames.length) / 2);

// The 64-bit numbers, counted from the begin of the block.
export const LIFETIME = WORDS / 2;
export const INITIAL_AGE = LIFETIME + 1;
export const DATE = LIFETIME + 2;
export const REQUEST_WALL = LIFETIME + 3;
export const REQUEST_MONOTONIC = LIFETIME + 4;
export const RESPONSE_WALL = LIFETIME + 5;
export const RESPONSE_MONOTONIC = LIFETIME + 6;
export const SEQ = LIFETIME + 7;
const SOFT_PURGED_AT = LIFETIME + 8;
/** The bytes of the body, with its encodings behind it. */
export const BODY = LIFETIME + 9;
export const HEAD_BYTES = 8 * (LIFETIME + 10);

// The flags.
export const WIDE = 1;
export const UNPACKED_LINES = 2;
export const UNPACKED_CLIENT_LINES = 4;
export const WEAK = 8;
export const VARIES = 16;

// Of ETAG, where the lines do not tell it that way.
export const NO_ETAG = -1;
export const PARSED_ETAG = -2;
export const SAME_LINES = -1;

// Of the length of an encoding: there is none, and it is not worth to be made.
export const NO_ENCODING = 0;
export const NOT_WORTH = -1;

// A body up to this length stands in the record, and is copied out of it. A larger one is memory of its own: to copy it
// would take longer than the 300 bytes are worth that it costs beside its bytes.
const MOST_IN_RECORD = 32 * 1024;

// Tags come from field values, which have no line ends.
export const BETWEEN_TAGS = "\n";

/** Whether a body is kept beside the record. */
export function hasOwnBody(bodyLength: number): boolean {
  return bodyLength > MOST_IN_RECORD;
}

export function keyIn({ bytes, ints }: Extent, at: number): string {
  const word = at >> 2;
  const from = at + HEAD_BYTES;
  const encoding = ((ints[word + STATUS_AND_FLAGS] ?? 0) & WIDE) === 0 ? "latin1" : "utf16le";
  return bytes.toString(encoding, from, from + (ints[word + KEY] ?? 0));
}

export function hasKey(extent: Extent, at: number, key: SoughtKey): boolean {
  const { bytes, ints } = extent;
  const word = at >> 2;
  if (((ints[word + STATUS_AND_FLAGS] ?? 0) & WIDE) !== 0) return keyIn(extent, at) === key.text;
  return key.stands(bytes, at + HEAD_BYTES, ints[word + KEY] ?? 0);
}

/** How much of its record, and of what stands beside it, a response takes. */
export function sizesIn({ ints, doubles }: Extent, at: number): RecordSizes {
  const word = at >> 2;
  const of = (column: number): number => ints[word + column] ?? 0;
  const bodyLength = doubles[(at >> 3) + BODY] ?? 0;
  const texts = of(KEY) + of(LINES) + Math.max(0, of(CLIENT_LINES)) + of(TAGS) + of(OWN);
  return {
    length: HEAD_BYTES + texts + (hasOwnBody(bodyLength) ? 0 : bodyLength),
    bodyLength,
    tags: of(TAG_COUNT),
    varies: (of(STATUS_AND_FLAGS) & VARIES) !== 0,
  };
}

export interface RecordSizes {
  /** Bytes of the record. */
  readonly length: number;
  readonly bodyLength: number;
  readonly tags: number;
  /** Whether it stands for other targets, too. */
  readonly varies: boolean;
}

/** When the first soft purge covered it. */
export function softPurgedIn({ doubles }: Extent, at: number): number | undefined {
  const since = doubles[(at >> 3) + SOFT_PURGED_AT];
  return since === undefined || Number.isNaN(since) ? undefined : since;
}

/** undefined: none has yet. */
export function setSoftPurged(
  { doubles }: Pick<Extent, "doubles">,
  at: number,
  since: number | undefined,
): void {
  doubles[(at >> 3) + SOFT_PURGED_AT] = since ?? Number.NaN;
}
