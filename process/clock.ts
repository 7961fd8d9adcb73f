import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";

/** Time as an argument, so that tests and the simulation own it. */
export interface Clock {
  /** Milliseconds since 1970, for Date fields and HTTP ages. May jump. */
  wall(): number;
  /** Milliseconds that only go forward, for spans, leases and round-trip times. */
  monotonic(): number;
  /** Resolves after `ms`, 0 for what is due now to run first; rejects with the signal's reason when it aborts first. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  wait: (ms, signal) => {
    const options = signal === undefined ? {} : { signal };
    // A timer of 0 waits for a millisecond.
    return ms === 0 ? turn(undefined, options) : sleep(ms, undefined, options);
  },
};
