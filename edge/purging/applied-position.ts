import type { Clock } from "../../process/clock.ts";
import { BEGINNING, comparePositions, type Position } from "../../purge-log/position.ts";
import type { ElapsedTime, Reading } from "./elapsed-time.ts";

// An epoch ends when the log's server restarts or the log is tampered with: these are many years of a sound one.
const KEPT_EPOCHS = 100;

/** How far this edge has applied the purge log, when it was last at the tail, and who waits for either. */
export class AppliedPosition {
  readonly #clock: Clock;
  readonly #time: ElapsedTime;
  #position: Position | undefined;
  /** The latest epochs in which this edge has been. */
  readonly #epochs = new Set<number>();
  #freshAsOf: Reading | undefined;
  /** The oldest tail that a heartbeat was answered with and that has not been reached yet. */
  #ahead: { readonly tail: Position; readonly sentAt: Reading } | undefined;
  #news: PromiseWithResolvers<void> | undefined;

  constructor(clock: Clock, time: ElapsedTime) {
    this.#clock = clock;
    this.#time = time;
  }

  /** Everything up to here is applied; undefined until the edge has first reached the log. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** The latest moment at which it was proven to be at the tail; undefined before the first. */
  get freshAsOf(): Reading | undefined {
    return this.#freshAsOf;
  }

  /** Never back: the log may have been trimmed past the entry that is being applied, and the edge has flushed and moved on. */
  moveTo(position: Position): void {
    if (this.#position !== undefined && comparePositions(position, this.#position) < 0) return;
    if (position.epoch !== this.#position?.epoch) this.#enter(position.epoch);
    this.#position = position;
    if (this.#ahead !== undefined && comparePositions(position, this.#ahead.tail) >= 0) {
      this.#freshAsOf = later(this.#freshAsOf, this.#ahead.sentAt);
      this.#ahead = undefined;
    }
    this.#tell();
  }

  /**
   * Rule E5: a heartbeat that was sent at `sentAt` was answered with this tail. Once the tail is reached, now or later,
   * every purge that was accepted by `sentAt` is applied here. While purges never pause, no heartbeat finds the edge
   * at the tail, so a tail that is reached later must count too.
   */
  confirm(tail: Position, sentAt: Reading): void {
    if (comparePositions(this.#position ?? BEGINNING, tail) < 0) this.#ahead ??= { tail, sentAt };
    else {
      this.#freshAsOf = sentAt;
      this.#tell();
    }
  }

  /** The tail that was waited for belongs to a history that is over. */
  forgetTail(): void {
    this.#ahead = undefined;
  }

  /** Whether every purge up to `position` is applied here. Waits up to `ms` for purges that are on their way. */
  async reaches(position: Position, ms: number): Promise<boolean> {
    const askedAt = this.#time.read().ms;
    for (;;) {
      if (this.#hasReached(position, askedAt)) return true;
      const left = askedAt + ms - this.#time.read().ms;
      if (left <= 0) return false;
      await this.#newsWithin(left);
    }
  }

  /**
   * A lower epoch in which this edge never was is usually older than the edge. But a log that was lost and begins again
   * by a clock that was set back has a lower epoch too. It is the older one if the edge has been at the tail since the
   * question came.
   */
  #hasReached(position: Position, askedAt: number): boolean {
    const own = this.#position ?? BEGINNING;
    if (comparePositions(own, position) < 0) return false;
    if (position.epoch === own.epoch || this.#epochs.has(position.epoch)) return true;
    return this.#freshAsOf !== undefined && this.#freshAsOf.ms > askedAt;
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

function later(a: Reading | undefined, b: Reading): Reading {
  return a === undefined || a.ms < b.ms ? b : a;
}
