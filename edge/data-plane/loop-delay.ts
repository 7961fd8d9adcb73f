import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../../process/clock.ts";

const RESOLUTION_MS = 10;
// As often as a router asks. An older figure would make it follow a load that is gone.
const SPAN_MS = 250;

/** Recent delay of the event loop of the thread. */
export class LoopDelay {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #spanBegan: number;
  #ms = 0;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    this.#spanBegan = clock.monotonic();
    this.#histogram.enable();
  }

  /**
   * Mean over the last quarter of a second or so, in milliseconds. After the loop stood still, what waited runs before
   * the next sample is taken: then it is the mean of before. Of no samples the mean would be no number.
   */
  get ms(): number {
    const now = this.#clock.monotonic();
    if (now - this.#spanBegan >= SPAN_MS && this.#histogram.count > 0) {
      // Each sample is the time between two ticks of the resolution, that resolution included.
      this.#ms = Math.max(0, this.#histogram.mean / 1e6 - RESOLUTION_MS);
      this.#histogram.reset();
      this.#spanBegan = now;
    }
    return this.#ms;
  }

  stop(): void {
    this.#histogram.disable();
  }
}
