import type { Clock } from "../../process/clock.ts";
import type { VirtualTime } from "./virtual-time.ts";

// 2026-11-22: a wall clock far from 1970, as Date fields and the epochs of the purge log have it.
const WORLD_BEGAN = 1_795_305_600_000;

/** How one machine's clocks run in virtual time. */
export interface ClockShape {
  /** Milliseconds that its clocks count for each of virtual time. */
  readonly rate: number;
  /** How far off its wall clock is, in milliseconds. */
  readonly offset: number;
}

/** The two clocks of a machine: the wall clock may be set, and the monotonic one stands still while it is suspended. */
export class MachineClock implements Clock {
  readonly #time: VirtualTime;
  readonly #rate: number;
  /** Wakes what waits: at once, or when the machine has time for it. */
  readonly #defer: (run: () => void) => void;
  #offset: number;
  /** Virtual milliseconds of the suspensions that are over. */
  #suspended = 0;
  #suspension: { readonly from: number; readonly until: number } | undefined;

  constructor(
    time: VirtualTime,
    { rate, offset }: ClockShape,
    defer: (run: () => void) => void = (run) => run(),
  ) {
    this.#time = time;
    this.#rate = rate;
    this.#offset = offset;
    this.#defer = defer;
  }

  wall(): number {
    return WORLD_BEGAN + this.#offset + this.#time.now * this.#rate;
  }

  monotonic(): number {
    // Since some other moment than the world's beginning, as a real one.
    return 1000 + (this.#time.now - this.#suspendedMs()) * this.#rate;
  }

  setWall(byMs: number): void {
    this.#offset += byMs;
  }

  /** Must not be called during a suspension. */
  suspend(ms: number): void {
    this.#suspended = this.#suspendedMs();
    this.#suspension = { from: this.#time.now, until: this.#time.now + ms };
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const due = this.monotonic() + ms;
    const done = (): void => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    };
    let callOff: () => void;
    const arm = (left: number): void => {
      callOff = this.#time.after(left / this.#rate, () => {
        const missing = due - this.monotonic();
        // It was suspended meanwhile. Less than this is a matter of rounding.
        if (missing > 1e-3) arm(missing);
        else this.#defer(done);
      });
    };
    const onAbort = (): void => {
      callOff();
      reject(signal?.reason);
    };
    arm(ms);
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }

  #suspendedMs(): number {
    if (this.#suspension === undefined) return this.#suspended;
    const { from, until } = this.#suspension;
    return this.#suspended + Math.min(this.#time.now, until) - from;
  }
}
