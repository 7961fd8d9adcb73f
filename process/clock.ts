import { setTimeout as sleep } from "node:timers/promises";

/** Time as an argument, so that tests and the simulation own it. */
export interface Clock {
  /** Milliseconds since 1970, for Date fields and HTTP ages. May jump. */
  wall(): number;
  /** Milliseconds that only go forward, for spans, leases and round-trip times. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};
