import type { Position } from "../../purge-log/position.ts";
import type { TimedHead } from "../rules/exchange.ts";
import type { SearchVariance } from "../rules/no-vary-search.ts";
import type { SentFields } from "../rules/sent-fields.ts";
import { parsedHead, type StoredHead } from "../rules/stored-head.ts";

/** A stored response: what the rules need to know of it, its body, and what a purge needs to know of it. */
export interface StoredResponse extends StoredHead {
  readonly key: string;
  readonly site: string;
  /** As in the request, see CacheRequest. */
  readonly base?: string;
  readonly target: string;
  readonly chunks: readonly Uint8Array[];
  readonly bodyLength: number;
  /** How far a hit sends the stored fields as they are. */
  readonly sent: SentFields;
  readonly tags: readonly string[];
  /** No-Vary-Search: the other targets of its path that it stands for. */
  readonly variance: SearchVariance | undefined;
  /** Where in the history of purges its fill began. */
  readonly mark: FillMark;
}

/** Where in the history of purges a fill began, taken before its request to the origin is written (rule E3). */
export interface FillMark {
  /** Purges up to here had been applied. */
  readonly position: Position;
  /** Soft flushes that had happened. */
  readonly flushes: number;
  /** Invalidations by requests at this edge that had happened. */
  readonly invalidations: number;
}

/** The same response with another status or other fields, which are parsed anew. */
export function withHead(stored: StoredResponse, head: Partial<TimedHead>): StoredResponse {
  const { status, fields, requestTime, responseTime } = { ...stored, ...head };
  return { ...stored, ...parsedHead({ status, fields, requestTime, responseTime }), sent: "rewritten" };
}

// The numbers below are what a heap holds after a full collection, with node 26; see test/memory.
// The objects that hold one response, its entry, and its places in the indexes and in the order of eviction.
const BOOKKEEPING = 1500;
// A piece of a body, beside its bytes.
const PIECE = 320;
// A map or a set that one response has of its own, and each member of it, beside its text.
const COLLECTION = 192;
const MEMBER = 64;
// A tag stands in the response and in the index, which needs a set where several responses have it, and room for a
// second table while it grows.
const TAG = 160;

/** Bytes of memory that a stored response is charged for. Its texts have a byte a char. */
export function chargedBytes(stored: StoredResponse): number {
  const { chunks, bodyLength, key, target, fields, clientFields, entityTag, tags } = stored;
  // The path is in the index once more.
  let bytes =
    BOOKKEEPING + bodyLength + chunks.length * PIECE + key.length + target.length + fields.characters;
  if (clientFields !== fields) bytes += clientFields.characters;
  if (entityTag !== undefined) bytes += entityTag.opaque.length;
  for (const tag of tags) bytes += TAG + tag.length;
  const { selecting, variance, policy } = stored;
  if (selecting.size > 0) bytes += COLLECTION;
  for (const [name, value] of selecting) bytes += MEMBER + name.length + (value?.length ?? 0);
  const { noCache, private: ofOne } = policy.directives;
  for (const words of [variance?.keys, noCache, ofOne]) {
    if (words === undefined || words === "all") continue;
    bytes += COLLECTION;
    for (const word of words) bytes += MEMBER + word.length;
  }
  return bytes;
}
