import type { Position } from "../../purge-log/position.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { Moment } from "../rules/moment.ts";
import type { PurgeStanding } from "../rules/purge-standing.ts";
import type { Purgeable } from "../store/purge-match.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";

/** Whether a request may share a fill that began before it (rule E4). */
export type Sharing =
  | "yes"
  /** A tag has been purged since. Only the header section of the response shows whether it has that tag. */
  | "unless-tagged"
  /** A purge since then covers the response: only a fill that begins from now on will do. */
  | "overtaken"
  /** The same, because the edge does not know of every purge. */
  | "lapsed";

/**
 * The questions that serving asks of purging. Rules E1 to E8 are kept behind it: the cache knows neither the purge log
 * nor the lease.
 */
export interface PurgeState {
  /** Whether every purge up to `position` is applied here. Waits up to `ms` for purges that are on their way. */
  reaches(position: Position, ms: number): Promise<boolean>;

  /**
   * Rules E2 and E7: what purges and the lease allow a stored response to be used for, at this moment. `now`: where the
   * clocks have been read for it already.
   */
  standing(stored: StoredResponse, now?: Moment): PurgeStanding;

  /**
   * Whether `standing` is "trusted" for a stored response with this mark, whatever its target and tags are. false: that is
   * not certain.
   */
  trusts(mark: FillMark, softPurgedAt: number | undefined, now: Moment): boolean;

  /** Rule E3: this moment in the history of purges. Undefined while the edge does not know where it is in the log. */
  mark(): FillMark | undefined;

  /** Rule E3: whether a purge since `mark` covers the response, or may cover it. Then it must not be stored. */
  overtaken(mark: FillMark, response: Purgeable): boolean;

  /**
   * Rule E9: the mark that a response from disk, whose fill had `mark`, may be stored with. "gone": a purge covers it, or
   * may cover it. "ahead": the edge has not read so much of the log yet.
   */
  recalled(mark: FillMark, response: Purgeable): FillMark | "gone" | "ahead";

  /** Rule E4: whether a request that arrives now may share a fill that began at `mark`. */
  sharing(mark: FillMark | undefined, response: Purgeable): Sharing;

  /**
   * Rule E7: whether a hard purge, a flush or an invalidation since `mark` covers the response, or may cover it. Then
   * it must not be served, even when the origin fails.
   */
  removed(mark: FillMark, response: Purgeable): boolean;

  /**
   * Rule E3: a fill with this mark is under way, so what happens from now on must be remembered until it ends. The
   * returned function is to be called then.
   */
  hold(mark: FillMark): () => void;

  /**
   * Overtakes the fills in flight that these targets cover, and takes what is stored of them out of use, at this edge
   * alone. The returned function is to be called when it has left the store.
   */
  invalidate(targets: readonly PurgeTarget[]): () => void;
}

/** Learns of what the fence takes out of use, in the step that does it. */
export interface FenceWatch {
  /** A purge or an invalidation is in force, and the store is searched for what it covers. */
  searchBegins(): void;
  searchEnds(): void;
  /** Everything filled so far is a validator only, or stale. */
  coversAll(): void;
}
