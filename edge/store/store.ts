import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import type { NotStored } from "../rules/not-stored.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Whether a response is kept; if not, why the store cannot keep what the rules allow. */
export type PutOutcome = "stored" | Extract<NotStored, "too-large" | "too-many-variants">;

/**
 * The responses that an edge keeps. `test/contracts/store.contract.ts` says what every store promises.
 *
 * **Purges in slices.** A purge may have to look at a million responses, so that it works in slices and lets requests be
 * served between them. It is correct all the same, because the store and the fence (edge/purging) share the work:
 *
 * 1. The fence takes note of the purge before the store begins to search. From then on nothing that it covers is
 *    served, wherever the search is: its standing is `purged`, or `soft-purged`.
 * 2. Whatever is put into the store meanwhile has been tested against the fence in the same step. Its fill began
 *    before the purge was applied, so that it is refused if the purge covers it.
 * 3. So all that the purge has to find was there when it began, and a search meets everything that stays in the index
 *    for as long as it lasts. What goes meanwhile needs no purge. What comes meanwhile is not covered, or is newer than
 *    the event that caused the purge (an invalidation by a request): dropping it costs a fetch and is never wrong.
 * 4. Only when the promise of the store is kept does the fence forget the purge and the edge report it as applied.
 *    Fills that begin from then on carry its position, and nothing is left that would drop what they bring.
 *
 * The same holds for every kind of target, for soft purges, and for two searches at a time.
 */
export interface Store {
  /** Every stored response under a key, and marks the key as used. */
  variants(key: string): readonly StoredResponse[];
  /** Every stored response under a key; the key is not marked as used. */
  peek(key: string): readonly StoredResponse[];
  /** Responses stored for other targets that say, by No-Vary-Search, that they stand for this one. */
  equivalents(site: string, target: string): readonly StoredResponse[];
  /** Stores it in place of the variants that the same request would have selected. */
  put(stored: StoredResponse, request: CacheRequest): PutOutcome;
  /** Drops a stored response; one that is no longer held is no error. */
  remove(stored: StoredResponse): void;
  /**
   * Drops what the targets cover, in slices. With `softlyAt`, in milliseconds of the monotonic clock, it only notes
   * that what they cover is stale as of then. Resolves to the number of responses.
   */
  purge(targets: readonly PurgeTarget[], softlyAt?: number): Promise<number>;
  /** When the first soft purge covered the response, in milliseconds of the monotonic clock; undefined: none did. */
  softPurgedAt(stored: StoredResponse): number | undefined;
  /** Every stored response that the targets cover, each once, found in slices. */
  coveredBy(targets: readonly PurgeTarget[]): AsyncIterable<StoredResponse>;
  /** How many responses the targets cover, and the bytes charged for them, counted in slices. */
  covered(targets: readonly PurgeTarget[]): Promise<{ readonly objects: number; readonly bytes: number }>;
  /** How often the key has been used of late; 0 when nothing is stored under it. To be compared with others. */
  useCount(key: string): number;
  /** Stored responses held. */
  readonly objects: number;
  /** Bytes charged for them. */
  readonly bytes: number;
}
