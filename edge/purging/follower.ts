import { WorkSlice } from "../../process/work-slice.ts";
import {
  BEGINNING,
  comparePositions,
  formatPosition,
  isNext,
  type Position,
} from "../../purge-log/position.ts";
import { MOST_TARGETS, type Purge, type PurgeTarget, purgeOfEverything } from "../../purge-log/purge.ts";
import type { Heartbeat, LogEntry, LogState } from "../../purge-log/purge-log.ts";
import type { PurgeState, Sharing } from "../cache/purge-state.ts";
import type { Moment } from "../rules/moment.ts";
import { type PurgeStanding, purgeStanding } from "../rules/purge-standing.ts";
import { isAll, type Purgeable } from "../store/purge-match.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import { AppliedNews } from "./applied-news.ts";
import { AppliedPosition } from "./applied-position.ts";
import type { AppliedPurge } from "./applied-purge.ts";
import { ElapsedTime, elapsedMs, type Reading } from "./elapsed-time.ts";
import { Fence } from "./fence.ts";
import type { FollowerParts, Identity } from "./follower-parts.ts";
import { HeartbeatLoop } from "./heartbeat-loop.ts";
import { meantHere, UNKNOWN_SITES, WIDENED_SITES } from "./known-sites.ts";
import { LogFollowing } from "./log-following.ts";
import { judgeLog } from "./log-verdict.ts";
import { named } from "./named-target.ts";

/**
 * Follows the purge log and keeps the three things that make a purge trustworthy here:
 *
 * - the position: every purge up to it has been applied, in order (E1);
 * - the fence: what has been purged, softly or not, and flushed, since a fill began (E2, E3, E6);
 * - the lease: how recently the edge has proven that it is at the log's tail (E5, E7).
 */
export class PurgeFollower implements PurgeState {
  readonly #parts: FollowerParts;
  readonly #fence: Fence;
  readonly #time: ElapsedTime;
  readonly #progress: AppliedPosition;
  readonly #following: LogFollowing;
  /** Undefined until it starts. */
  #heartbeats: HeartbeatLoop | undefined;
  #runId: string | undefined;
  /** Whether this process has reached the log. */
  #hasReached = false;
  #news: AppliedNews | undefined;
  #purges = 0;
  readonly #listeners: ((applied: AppliedPurge) => void)[] = [];

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#fence = parts.fence ?? new Fence();
    this.#time = new ElapsedTime(parts.clock);
    this.#progress = new AppliedPosition(parts.clock, this.#time);
    const resumed = parts.kept?.resumed;
    if (parts.kept !== undefined) this.#fence.resume(parts.kept);
    if (resumed !== undefined) this.#progress.moveTo(resumed.oldest);
    this.#runId = resumed?.runId;
    this.#following = new LogFollowing({
      ...parts,
      position: () => this.position,
      apply: (entries) => this.apply(entries),
    });
  }

  /** Purges applied from the log since the start. */
  get purges(): number {
    return this.#purges;
  }

  /** The history of purges that it follows; undefined until it has first reached the log. */
  get runId(): string | undefined {
    return this.#runId;
  }

  /** How far the edge has applied; the beginning until it has first reached the log. */
  get position(): Position {
    return this.#progress.position ?? BEGINNING;
  }

  /** Milliseconds since the edge last proved that it is at the tail; undefined before the first time. */
  get lagMs(): number | undefined {
    const { freshAsOf } = this.#progress;
    return freshAsOf === undefined ? undefined : this.#time.read().ms - freshAsOf.ms;
  }

  /** Milliseconds for which stored responses may be used without asking the origin; 0 when lapsed. */
  get leaseLeftMs(): number {
    return this.#leaseLeftMs(this.#time.read());
  }

  /** Calls `listener` for each purge once it is applied here. */
  onPurge(listener: (applied: AppliedPurge) => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves once the first heartbeat was answered or has failed; then keeps following in the background. */
  async start(identity: Identity): Promise<void> {
    this.#news = new AppliedNews({
      purgeLog: this.#parts.purgeLog,
      standing: () => ({ edge: identity.edge, position: this.position, runId: this.#runId ?? "" }),
      beat: () => this.#heartbeats?.beat(),
    });
    this.#heartbeats = new HeartbeatLoop({
      ...this.#parts,
      time: this.#time,
      compose: () => this.#heartbeat(identity),
      confirmed: (...confirmed) => this.#takeState(...confirmed),
    });
    await this.#heartbeats.start();
  }

  async stop(): Promise<void> {
    const followed = this.#following.stop();
    await this.#heartbeats?.stop();
    await followed;
  }

  /** Rules E2 and E7: what a stored response may be used for, at this moment. */
  standing(stored: StoredResponse, moment?: Moment): PurgeStanding {
    const purged = this.#fence.purgedBy(stored, this.#parts.store.softPurgedAt(stored));
    const now = this.#time.read(moment);
    const hasLease = this.#leaseLeftMs(now) > 0;
    // Rule E9: before it has first been at the tail, what is on disk may be older than a purge that is proven.
    const servesStale = this.#parts.staleWhenLapsed === true && this.#progress.freshAsOf !== undefined;
    return purgeStanding(purged, now.ms, hasLease, servesStale);
  }

  trusts(mark: FillMark, softPurgedAt: number | undefined, moment: Moment): boolean {
    return !this.#fence.mayCover(mark, softPurgedAt) && this.#leaseLeftMs(this.#time.read(moment)) > 0;
  }

  /** Whether every purge up to `position` is applied here. Waits up to `ms` for purges that are on their way. */
  reaches(position: Position, ms: number): Promise<boolean> {
    return this.#progress.reaches(position, ms);
  }

  /** Rule E3: taken before the origin request is written. Undefined while the edge does not know where it is. */
  mark(): FillMark | undefined {
    const { position } = this.#progress;
    return position === undefined ? undefined : this.#fence.mark(position);
  }

  /** Rule E3: whether the fill may be stored, tested once more when everything about it is known. */
  overtaken(mark: FillMark, response: Purgeable): boolean {
    return this.#fence.overtaken(mark, response);
  }

  /** Rule E7: whether what was stored then must not be served any more, not even when the origin fails. */
  removed(mark: FillMark, response: Purgeable): boolean {
    return this.#fence.removed(mark, response);
  }

  recalled(mark: FillMark, response: Purgeable): FillMark | "gone" | "ahead" {
    if (comparePositions(mark.position, this.position) > 0) return "ahead";
    return this.#fence.recalled(mark, response);
  }

  hold(mark: FillMark): () => void {
    return this.#fence.hold(mark);
  }

  /** Fills in flight that these targets cover are not stored, and what is stored is not used, at this edge alone. */
  invalidate(targets: readonly PurgeTarget[]): () => void {
    return this.#fence.invalidate(targets.map(named));
  }

  /** Rule E4: whether a request that arrives now may share a fill that began at `mark`. */
  sharing(mark: FillMark | undefined, response: Purgeable): Sharing {
    if (mark === undefined || this.leaseLeftMs <= 0) return "lapsed";
    if (!this.overtaken(mark, response)) return "yes";
    const isUncertain = response.tags === "unknown" && !this.overtaken(mark, { ...response, tags: [] });
    return isUncertain ? "unless-tagged" : "overtaken";
  }

  /** Takes entries in log order (rule E1), in slices: others go on meanwhile. Resolves when they are applied. */
  async apply(entries: readonly LogEntry[]): Promise<void> {
    const slice = new WorkSlice(this.#parts.clock);
    for (const entry of entries) {
      if (slice.isOver(MOST_TARGETS)) await slice.pause();
      await this.#applyOne(entry, slice);
    }
    this.#news?.tell();
  }

  async #applyOne(entry: LogEntry, slice: WorkSlice): Promise<void> {
    const last = this.position;
    if (comparePositions(entry.position, last) <= 0) return;
    if (!isNext(last, entry.position)) {
      const between = `${formatPosition(last)} and ${formatPosition(entry.position)}`;
      this.#softFlush(`entries between ${between} were lost`);
    }
    const objects = await this.#take(entry, slice).catch((err: unknown) => {
      const position = formatPosition(entry.position);
      this.#parts.log.error({ sampled: "apply", err, position }, "fault while applying a log entry");
      // What the store still holds of it is not known, so nothing that was filled before counts as current.
      this.#softFlush(`the entry at ${position} could not be applied`);
      return 0;
    });
    this.#progress.moveTo(entry.position);
    this.#news?.applied(entry, objects);
  }

  /** Resolves to how many stored responses the entry removed or softened. */
  async #take({ position, content }: LogEntry, slice: WorkSlice): Promise<number> {
    switch (content.kind) {
      case "purge":
        return await this.#purge(position, content.purge, slice);
      case "barrier":
        this.#softFlush(content.reason);
        return 0;
      case "unreadable": {
        const line = { position: formatPosition(position), reason: content.reason };
        this.#parts.log.error(line, "unreadable log entry: purging everything");
        return await this.#purge(position, purgeOfEverything(content.reason), slice);
      }
    }
  }

  async #purge(position: Position, asked: Purge, slice: WorkSlice): Promise<number> {
    const [{ purgeId, by, soft }, { store, log, clock }] = [asked, this.#parts];
    const since = clock.monotonic();
    // The edge has not moved to the purge yet, so nothing depends on how long this takes.
    const { purge: meant, targets, unknown, widened } = await meantHere(asked, this.#parts.sites, slice);
    if (unknown.length > 0) log.warn({ sampled: "sites", purgeId, unknown }, UNKNOWN_SITES);
    if (widened.length > 0) log.warn({ sampled: "widened", purgeId, widened }, WIDENED_SITES);
    // One entry takes effect at one moment, however long the search for everything that it names takes.
    const softlyAt = soft ? this.#time.read().ms : undefined;
    const end = this.#fence.begin(position, targets, softlyAt);
    // The fence remembers a soft purge of everything: nothing has to be noted for each response.
    const isNoted = softlyAt !== undefined && meant.targets.some(isAll);
    const searching = isNoted ? Promise.resolve(store.objects) : store.purge(meant.targets, softlyAt);
    const objects = await searching.finally(end);
    this.#purges += 1;
    for (const listener of this.#listeners) listener({ position, asked, meant, since, objects });
    log.debug({ purgeId, position: formatPosition(position), by, objects, soft }, "purge applied");
    return objects;
  }

  /** Rule E2: everything filled so far, or on disk `before`, is a validator from now on, at no cost per response. */
  #softFlush(reason: string, before?: Position): void {
    this.#fence.flush(before);
    this.#parts.log.warn({ position: formatPosition(this.position), reason }, "soft flush");
  }

  /** undefined: before the first proof. */
  protected provenAgoMs(now: Reading): number | undefined {
    const { freshAsOf } = this.#progress;
    return freshAsOf === undefined ? undefined : elapsedMs(freshAsOf, now);
  }

  #leaseLeftMs(now: Reading): number {
    const ago = this.provenAgoMs(now);
    return ago === undefined ? 0 : Math.max(0, this.#parts.leaseMs - ago);
  }

  #heartbeat(identity: Identity): Heartbeat {
    return {
      ...identity,
      leaseMs: this.#parts.leaseMs,
      sites: this.#parts.sites?.digest ?? "",
      staleWhenLapsed: this.#parts.staleWhenLapsed === true,
      position: this.position,
      runId: this.#runId ?? "",
      applied: this.#news?.unwritten ?? [],
    };
  }

  #takeState(state: LogState, beat: Heartbeat, sentAt: Reading): void {
    this.#news?.written(beat.applied);
    // An earlier process has seen more of the log than this one.
    const seen = this.#hasReached ? beat.position : (this.#parts.kept?.resumed?.latest ?? beat.position);
    const position = this.#progress.position;
    const verdict = judgeLog(state, { position, sent: seen, runId: this.#runId });
    switch (verdict.kind) {
      case "first":
        this.#progress.moveTo(state.tail);
        this.#heartbeats?.beat();
        break;
      case "lost":
        this.#softFlush(verdict.reason);
        break;
      case "trimmed":
        // Rule E9: nothing is stored but what is on disk, and the log still has all that came after this position.
        this.#softFlush(verdict.reason, this.#hasReached ? undefined : verdict.to);
        this.#progress.moveTo(verdict.to);
        break;
      case "sound":
    }
    if (!this.#hasReached) this.#following.start();
    this.#hasReached = true;
    // A receipt counts a position only together with the history that it belongs to.
    if (this.#runId !== state.runId) {
      this.#heartbeats?.beat();
      this.#progress.forgetTail();
    }
    this.#runId = state.runId;
    this.#progress.confirm(state.tail, sentAt);
  }
}
