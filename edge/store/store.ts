import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Why a response was not kept although the rules allow it. */
export type PutOutcome = "stored" | "too-large" | "too-many-variants";

/** The bytes we keep. */
export interface Store {
  /** Every stored response under a key, and marks the key as used. */
  variants(key: string): readonly StoredResponse[];
  /** Every stored response under a key; the key is not marked as used. */
  peek(key: string): readonly StoredResponse[];
  /** Responses stored for other targets that say, by No-Vary-Search, that they stand for this one. */
  equivalents(site: string, target: string): readonly StoredResponse[];
  /** Stores it in place of the variants that would have been selected by the same request. */
  put(stored: StoredResponse, request: CacheRequest): PutOutcome;
  remove(stored: StoredResponse): void;
  /**
   * Drops what the target covers; with `softlyAt`, in milliseconds of the monotonic clock, it only makes it stale as
   * of then. Returns how many responses. Where it must look at every path it yields after each few thousand, so that
   * requests are served in between.
   */
  purge(target: PurgeTarget, softlyAt: number | undefined): Generator<void, number>;
  /** Every stored response that the target covers; undefined where it is time to let others work, as in `purge`. */
  coveredBy(target: PurgeTarget): Generator<StoredResponse | undefined>;
  /** How often the key has been used of late; 0 when nothing is stored under it. To be compared with others. */
  heat(key: string): number;
  /** What a purge of these targets would cover, each response counted once. */
  covered(targets: readonly PurgeTarget[]): { readonly objects: number; readonly bytes: number };
  /** Stored responses held. */
  readonly objects: number;
  /** Bytes charged for them. */
  readonly bytes: number;
}
