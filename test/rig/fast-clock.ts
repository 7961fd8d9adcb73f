import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../process/clock.ts";

/** Real time, so many times as fast. The wall time can be set on. */
export class FastClock implements Clock {
  readonly #rate: number;
  readonly #began = performance.now();
  readonly #start = Date.now();
  #ahead = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  wall(): number {
    return this.#start + this.monotonic() + this.#ahead;
  }

  monotonic(): number {
    return (performance.now() - this.#began) * this.#rate;
  }

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(ms / this.#rate, undefined, signal === undefined ? {} : { signal });
  }

  setWall(byMs: number): void {
    this.#ahead += byMs;
  }
}
