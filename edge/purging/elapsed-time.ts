import type { Clock } from "../../process/clock.ts";
import { momentOf } from "../rules/moment.ts";

// Clock rates agree within 1 %, and a timer or a rounded millisecond is no step.
const RATE_MARGIN = 0.01;
const STEP_MS = 100;

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
    const now = moment.monotonic;
    const ahead = moment.wall - now;
    const drifted = this.#ahead - (now - this.#readAt) * RATE_MARGIN;
    if (ahead > this.#ahead) this.#gained += ahead - this.#ahead;
    if (ahead < drifted - STEP_MS) {
      this.#setBack += 1;
      this.#ahead = ahead;
    } else this.#ahead = Math.max(ahead, drifted);
    this.#readAt = now;
    return { ms: now + this.#gained, setBack: this.#setBack };
  }
}

/** Milliseconds from `then` to `now`; Infinity when the wall clock was set back in between. */
export function elapsedMs(then: Reading, now: Reading): number {
  return then.setBack === now.setBack ? now.ms - then.ms : Number.POSITIVE_INFINITY;
}
