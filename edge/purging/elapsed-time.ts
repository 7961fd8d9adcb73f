import type { Clock } from "../../process/clock.ts";
import { type Moment, momentOf } from "../rules/moment.ts";

// Clock rates agree within 1 %, and a timer or a rounded millisecond is no step.
const RATE_MARGIN = 0.01;
const STEP_MS = 100;

// Of which one at least is not disturbed, unless the program hardly runs at all. Then nothing is served in time anyway.
const MOST_READINGS = 5;

/** A moment of this machine. */
export interface Reading {
  /** Milliseconds since some moment before the start, the time of a suspension included. */
  readonly ms: number;
  /** How often the wall clock had been set back. */
  readonly setBack: number;
}

/**
 * Rule E7: spans of time that no suspension shortens. The monotonic clock stands still while a machine is suspended (a laptop's
 * lid, a snapshot or a migration of a virtual machine), and the wall clock goes on. So whatever the wall clock gains on
 * the monotonic one counts too: a wall clock that was merely set forward ends a lease early, which costs validations.
 * One that was set back can hide a suspension, so a span that it lies in cannot be measured.
 *
 * A machine whose wall clock stands still with the monotonic one is not helped. A span may be told up to 1 % too long,
 * never too short.
 */
export class ElapsedTime {
  readonly #clock: Pick<Clock, "wall" | "monotonic">;
  /** The greatest lead of the wall clock over the monotonic clock so far. */
  #ahead: number;
  #readAt: number;
  #gained = 0;
  #setBack = 0;

  constructor(clock: Pick<Clock, "wall" | "monotonic">) {
    this.#clock = clock;
    this.#readAt = clock.monotonic();
    this.#ahead = clock.wall() - this.#readAt;
  }

  /**
   * `moment`: now, where the clocks have been read already. Call it now and then, or a slow drift of the wall clock looks
   * like a step.
   */
  read(moment = momentOf(this.#clock)): Reading {
    const { monotonic: now, wall } = this.#isStep(moment) ? undisturbed(this.#clock) : moment;
    const ahead = wall - now;
    const drifted = this.#drifted(now);
    if (ahead > this.#ahead) this.#gained += ahead - this.#ahead;
    if (ahead < drifted - STEP_MS) {
      this.#setBack += 1;
      this.#ahead = ahead;
    } else this.#ahead = Math.max(ahead, drifted);
    this.#readAt = now;
    return { ms: now + this.#gained, setBack: this.#setBack };
  }

  /** The lead of the wall clock, if it has lost as much as a clock may. */
  #drifted(now: number): number {
    return this.#ahead - (now - this.#readAt) * RATE_MARGIN;
  }

  /** Whether one of the clocks seems to have been set. */
  #isStep({ wall, monotonic }: Moment): boolean {
    const ahead = wall - monotonic;
    return ahead < this.#drifted(monotonic) - STEP_MS || ahead > this.#ahead + STEP_MS;
  }
}

/**
 * Where many programs run, this one may have to wait for the processor between the reading of the one clock and of the
 * other. That looks like a step, and an edge whose clock was set back has no lease until its next heartbeat.
 */
function undisturbed(clock: Pick<Clock, "wall" | "monotonic">): Moment {
  for (let readings = 1; ; readings += 1) {
    const before = clock.monotonic();
    const now = momentOf(clock);
    if (now.monotonic - before < STEP_MS / 2 || readings === MOST_READINGS) return now;
  }
}

/** Milliseconds from `then` to `now`; Infinity when the wall clock was set back in between. */
export function elapsedMs(then: Reading, now: Reading): number {
  return then.setBack === now.setBack ? now.ms - then.ms : Number.POSITIVE_INFINITY;
}
