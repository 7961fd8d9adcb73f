import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../process/clock.ts";

/** Real time, so many times as fast. The wall time can be set on. */
export class FastClock implements Clock {
  readonly #rate: number;
  readonly #began = performance.now();
  readonly #start = Date.now();
  readonly #watching = new Set<(ms: number) => void>();
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
    for (const tell of this.#watching) tell(ms);
    await sleep(ms / this.#rate, undefined, signal === undefined ? {} : { signal });
  }

  /** Resolves once so many more waits of this length have begun: loops have gone round. */
  async waits(ms: number, count: number): Promise<void> {
    const enough = Promise.withResolvers<void>();
    let left = count;
    const tell = (begun: number): void => {
      if (begun === ms) left -= 1;
      if (left === 0) enough.resolve();
    };
    this.#watching.add(tell);
    await enough.promise;
    this.#watching.delete(tell);
  }

  setWall(byMs: number): void {
    this.#ahead += byMs;
  }
}
