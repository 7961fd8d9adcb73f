import type { EdgeState } from "../../router/measure/ping-reply.ts";

/** What a packet meets that arrives there. */
export type Reach =
  | "up"
  /** No process: the machine refuses connections and resets those it had. */
  | "refuses"
  /** No machine, or no way to it: nothing ever comes back. */
  | "silent";

// edge/status.ts: the span of which it tells the mean.
const LOOP_DELAY_SPAN_MS = 250;

/**
 * One edge: an event loop that does one thing after the other in the order of arrival. Work is timed when it
 * arrives, so a change of speed concerns what comes after it.
 */
export class QueuedEdge {
  readonly name: string;
  state: EdgeState = "serving";
  reach: Reach = "up";
  /** How many times it has been started: another process, another boot id. */
  boot = 0;
  /** How many times longer than planned each request needs the event loop. */
  slowness = 1;
  readonly #plannedMs: number;
  /** What each answer takes besides, without occupying the loop: a lapsed edge asks the origin. */
  extraMs = 0;
  #busyUntil = 0;
  /** When each piece of work that is there will be done; they are done in order. */
  #done: number[] = [];
  #firstUndone = 0;
  #delay = { spanBegan: 0, upTo: 0, area: 0, meanMs: 0 };

  /** `plannedMs` is the mean time for which one request needs the event loop. */
  constructor(name: string, plannedMs: number) {
    this.name = name;
    this.#plannedMs = plannedMs;
  }

  get serviceMs(): number {
    return this.#plannedMs * this.slowness;
  }

  /** How long what arrives now would wait. */
  backlogMs(now: number): number {
    return Math.max(0, this.#busyUntil - now);
  }

  /** Takes work of `units` times the mean, 0 for a Ping; returns when it is done. */
  take(now: number, units: number): number {
    if (units === 0) return Math.max(now, this.#busyUntil);
    this.#watch(now);
    this.#busyUntil = Math.max(now, this.#busyUntil) + units * this.serviceMs;
    this.#done.push(this.#busyUntil);
    return this.#busyUntil + this.extraMs;
  }

  /** Requests that it has received and not yet answered, as its Ping reply tells. */
  inFlight(now: number): number {
    while ((this.#done[this.#firstUndone] ?? Number.POSITIVE_INFINITY) <= now) this.#firstUndone += 1;
    // Copies what is left only when at least as much has gone.
    if (this.#firstUndone > this.#done.length / 2) {
      this.#done = this.#done.slice(this.#firstUndone);
      this.#firstUndone = 0;
    }
    return this.#done.length - this.#firstUndone;
  }

  /** How late its timers were on average, in the last whole span. */
  eventLoopDelayMs(now: number): number {
    this.#watch(now);
    const span = now - this.#delay.spanBegan;
    if (span >= LOOP_DELAY_SPAN_MS) {
      this.#delay = { spanBegan: now, upTo: now, area: 0, meanMs: this.#delay.area / span };
    }
    return this.#delay.meanMs;
  }

  /** Another process in its place, with nothing to do. */
  restart(now: number): void {
    this.boot += 1;
    this.state = "serving";
    this.reach = "up";
    this.extraMs = 0;
    this.#busyUntil = now;
    this.#done = [];
    this.#firstUndone = 0;
    this.#delay = { spanBegan: now, upTo: now, area: 0, meanMs: 0 };
  }

  /** Adds up what a timer would have waited at every moment until now: the backlog, which shrinks as time passes. */
  #watch(now: number): void {
    const begin = Math.max(0, this.#busyUntil - this.#delay.upTo);
    const end = this.backlogMs(now);
    this.#delay.area += ((begin + end) / 2) * (begin - end);
    this.#delay.upTo = now;
  }
}
