import type { Clock } from "../../process/clock.ts";

interface Waiter {
  readonly due: number;
  wake(): void;
}

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  readonly #start: number;
  readonly #waiters = new Set<Waiter>();
  readonly #watching = new Set<() => void>();
  #elapsed = 0;
  #wallAhead = 0;

  /** `start` is the wall time in milliseconds; the monotonic time begins at 0. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  wall(): number {
    return this.#start + this.#elapsed + this.#wallAhead;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const woken = Promise.withResolvers<void>();
    const waiter: Waiter = { due: this.#elapsed + ms, wake: woken.resolve };
    const aborted = () => woken.reject(signal?.reason);
    this.#waiters.add(waiter);
    for (const tell of this.#watching) tell();
    signal?.addEventListener("abort", aborted);
    try {
      await woken.promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener("abort", aborted);
    }
  }

  /** Sets the wall clock, forward or back. The machine was suspended for so long, if it goes forward. */
  setWall(byMs: number): void {
    this.#wallAhead += byMs;
  }

  /** Resolves once so many wait. */
  async waited(count = 1): Promise<void> {
    const enough = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.#waiters.size >= count) enough.resolve();
    };
    this.#watching.add(look);
    look();
    await enough.promise;
    this.#watching.delete(look);
  }

  /** How many are waiting now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Advances the time. Timers that are due fire in a later microtask. */
  advance(ms: number): void {
    this.#elapsed += ms;
    for (const waiter of this.#waiters) if (waiter.due <= this.#elapsed) waiter.wake();
  }
}
