import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import type { NotStored } from "../rules/not-stored.ts";
import type { ResponseInPlace } from "./response-in-place.ts";
import type { Encoding, StoredResponse } from "./stored-response.ts";

/** Whether a response is kept; if not, why the store cannot keep what the rules allow. */
export type PutOutcome = "stored" | Extract<NotStored, "too-large">;

/** The response with its encodings; or why it has them not: it is stored no more, or there is no room. */
export type EncodeOutcome = StoredResponse | "gone" | "too-large";

/** Learns of every change after which a copy of what is stored may not be used as before, in the step that makes it. */
export interface StoreWatch {
  /** Something under the key was stored, dropped or softly purged. */
  changed(key: string): void;
  /** Everything was dropped. */
  emptied(): void;
}

/**
 * The responses that an edge keeps. `test/contracts/store.contract.ts` says what every store promises.
 *
 * **Purges in slices.** A purge may look at a million responses. So it works in slices, and requests are served between
 * them. The store and the fence (edge/purging) keep it correct together:
 *
 * 1. The fence notes the purge before the store begins to search. From then on the standing of every response that the
 *    purge covers is `purged` or `soft-purged`, whether the search has met it or not.
 * 2. Every response is tested against the fence in the same step in which it is put into the store. The edge moves to
 *    the position of a purge only when that is done, so a fill that begins during the search counts as older than the
 *    purge: what it brings is refused if the purge covers it.
 * 3. So every response that the purge must find is in the store when the search begins. The search meets each of them
 *    that is not removed meanwhile. It may also meet a response that was put in meanwhile: the purge does not cover it,
 *    or it came after an invalidation by a request, which moves no position. Dropping that one costs a fetch, no more.
 * 4. When the promise of `purge` resolves, the fence forgets the purge and the edge reports it as applied. Fills that
 *    begin from then on carry its position, and no search is left that could drop what they bring.
 *
 * This holds for every kind of target, for hard and soft purges, and for several searches at a time.
 */
export interface Store {
  /** Every stored response under a key. Marks the key as used. */
  variants(key: string): readonly StoredResponse[];
  /** Every stored response under a key. Does not mark the key as used. */
  peek(key: string): readonly StoredResponse[];
  /**
   * The only response under the key that two texts make together, where it lies in memory. undefined: `peek` tells. It does
   * not mark the key as used.
   */
  inPlace(prefix: string, rest: string): ResponseInPlace | undefined;
  /**
   * Marks the key of the response that `inPlace` gave last as used, when its bytes have been copied. false: another thread
   * has changed it meanwhile.
   */
  usedInPlace(response: ResponseInPlace): boolean;
  /** Marks the keys of these responses as used. `rows`: where other threads found them, a moment ago. */
  usedInRows(rows: Iterable<number>): void;
  /** Responses stored for other targets that say, by No-Vary-Search, that they stand for this one. */
  equivalents(request: Pick<CacheRequest, "site" | "base" | "target">): readonly StoredResponse[];
  /** Whether it is still stored: not removed, replaced, purged or evicted. */
  holds(stored: StoredResponse): boolean;
  /** Whether the store keeps the very bytes of the body, so that no memory comes free when all others let go of them. */
  sharesBody(stored: StoredResponse): boolean;
  /** Notes that a client has got the response: of the variants of a key, the least recently used goes first. */
  used(stored: StoredResponse): void;
  /**
   * Stores it in place of the variants that the same request would have selected. Of more than 16 variants, one that
   * has expired goes, else the least recently used.
   */
  put(stored: StoredResponse, request: CacheRequest): PutOutcome;
  /** Takes back what was stored under a key and has left memory, unless something is stored under the key. */
  restore(responses: readonly StoredResponse[]): void;
  /** Gives a stored response these encodings in the place of those that it has. It stays the same for everything else. */
  encode(stored: StoredResponse, encodings: readonly Encoding[]): EncodeOutcome;
  /** Drops a stored response; one that is no longer held is no error. */
  remove(stored: StoredResponse): void;
  /**
   * Drops what the targets cover, in slices. With `softlyAt`, in milliseconds of the monotonic clock, it keeps them and
   * notes that they are stale as of then. Resolves to the number of responses.
   */
  purge(targets: readonly PurgeTarget[], softlyAt?: number): Promise<number>;
  /** When the first soft purge covered the response, in milliseconds of the monotonic clock; undefined: none did. */
  softPurgedAt(stored: StoredResponse): number | undefined;
  /** Every stored response that the targets cover, each once, found in slices. */
  coveredBy(targets: readonly PurgeTarget[]): AsyncIterable<StoredResponse>;
  /** How many responses the targets cover, and the bytes charged for them, counted in slices. */
  covered(targets: readonly PurgeTarget[]): Promise<{ readonly objects: number; readonly bytes: number }>;
  /** Recent uses of the key, to compare with other keys; 0 when the store has no response under it. */
  useCount(key: string): number;
  /** Stored responses held. */
  readonly objects: number;
  /** Bytes charged for them. */
  readonly bytes: number;
  /** Bytes that it may hold now. */
  readonly limit: number;
}
