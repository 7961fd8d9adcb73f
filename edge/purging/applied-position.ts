import type { Clock } from "../../process/clock.ts";
import { BEGINNING, comparePositions, type Position } from "../../purge-log/position.ts";

// An epoch ends when the log's server restarts or the log is tampered with: these are many years of a sound one.
const KEPT_EPOCHS = 100;

/** How far an edge has come along the purge log, when it was last at the tail, and who waits for either. */
export class Progress {
  readonly #clock: Clock;
  #position: Position | undefined;
  /** The latest epochs in which it has been. */
  readonly #epochs = new Set<number>();
  #freshAsOf: number | undefined;
  /** What a heartbeat was answered that has not been reached yet: the oldest, which is the first to be. */
  #ahead: { readonly tail: Position; readonly sentAt: number } | undefined;
  #news: PromiseWithResolvers<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Everything up to here is applied; undefined until the edge has first reached the log. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** The latest moment at which it was proven to be at the tail, by the monotonic clock; undefined before the first. */
  get freshAsOf(): number | undefined {
    return this.#freshAsOf;
  }

  moveTo(position: Position): void {
    if (position.epoch !== this.#position?.epoch) this.#enter(position.epoch);
    this.#position = position;
    if (this.#ahead !== undefined && comparePositions(position, this.#ahead.tail) >= 0) {
      this.#freshAsOf = Math.max(this.#freshAsOf ?? this.#ahead.sentAt, this.#ahead.sentAt);
      this.#ahead = undefined;
    }
    this.#tell();
  }

  /**
   * Rule E5: a heartbeat that was sent at `sentAt` was answered with this tail. What had been accepted by then is
   * applied here once that is reached, now or later: where purges never pause, an edge is never seen at the tail.
   */
  confirm(tail: Position, sentAt: number): void {
    if (comparePositions(this.#position ?? BEGINNING, tail) < 0) this.#ahead ??= { tail, sentAt };
    else {
      this.#freshAsOf = sentAt;
      this.#tell();
    }
  }

  /** What is ahead was said of a history that is over. */
  forgetTail(): void {
    this.#ahead = undefined;
  }

  /** Whether every purge up to `position` is applied here; waits up to `ms` for what is on its way. */
  async reaches(position: Position, ms: number): Promise<boolean> {
    const askedAt = this.#clock.monotonic();
    for (;;) {
      if (this.#hasReached(position, askedAt)) return true;
      const left = askedAt + ms - this.#clock.monotonic();
      if (left <= 0) return false;
      await this.#newsWithin(left);
    }
  }

  /**
   * A lower epoch in which the edge never was is one before its time; or it is a later one, if the log was lost and
   * begins again by a clock that was set back. Being at the tail after the question came tells that it is the former.
   */
  #hasReached(position: Position, askedAt: number): boolean {
    const own = this.#position ?? BEGINNING;
    if (comparePositions(own, position) < 0) return false;
    if (position.epoch === own.epoch || this.#epochs.has(position.epoch)) return true;
    return this.#freshAsOf !== undefined && this.#freshAsOf > askedAt;
  }

  #enter(epoch: number): void {
    this.#epochs.add(epoch);
    if (this.#epochs.size <= KEPT_EPOCHS) return;
    const [oldest] = this.#epochs;
    if (oldest !== undefined) this.#epochs.delete(oldest);
  }

  #tell(): void {
    this.#news?.resolve();
    this.#news = undefined;
  }

  async #newsWithin(ms: number): Promise<void> {
    this.#news ??= Promise.withResolvers();
    const alarm = new AbortController();
    const expired = this.#clock.wait(ms, alarm.signal).catch(() => undefined);
    await Promise.race([this.#news.promise, expired]);
    alarm.abort();
  }
}
