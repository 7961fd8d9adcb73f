import type { Clock } from "./clock.ts";

// A request waits for 5 ms at the most behind one piece of long work, such as a purge. Two of them may stand in one turn
// of the event loop, the follower's and the store's, and each may go beyond its time by a step.
const SLICE_MS = 2;

// A look at the clock costs 60 ns, as much as some steps do. Among the longest steps are URLs of 8 KiB: 32 of them took 6 to
// 7 ms, so that so many take less than a slice.
const STEPS_BETWEEN_LOOKS = 8;

/** Long work in slices: before each step, `if (slice.isOver()) await slice.pause()`. */
export class WorkSlice {
  readonly #clock: Pick<Clock, "monotonic" | "wait">;
  #began: number;
  #steps = 0;

  constructor(clock: Pick<Clock, "monotonic" | "wait">) {
    this.#clock = clock;
    this.#began = clock.monotonic();
  }

  /** Returns whether a pause is due before the next step. `weight`: how many usual steps that one takes as long as. */
  isOver(weight = 1): boolean {
    this.#steps += weight;
    if (this.#steps < STEPS_BETWEEN_LOOKS) return false;
    this.#steps = 0;
    return this.#clock.monotonic() - this.#began >= SLICE_MS;
  }

  /** Lets everything run that is due, then begins the next slice. */
  async pause(): Promise<void> {
    await this.#clock.wait(0);
    this.#began = this.#clock.monotonic();
  }
}
