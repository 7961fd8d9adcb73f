import type { Clock } from "../../../process/clock.ts";
import { momentOf } from "../../rules/moment.ts";
import type { SharedWords } from "./shared-words.ts";

// How often the threads learn that the lease goes on. The shortest lease is a second.
const LEASE_MS = 50;

/** Writes the lease of the edge where the serving threads read it. */
export class LeaseGrant {
  readonly #words: SharedWords;
  readonly #leaseLeftMs: () => number;
  readonly #clock: Clock;

  constructor(words: SharedWords, leaseLeftMs: () => number, clock: Clock) {
    this.#words = words;
    this.#leaseLeftMs = leaseLeftMs;
    this.#clock = clock;
  }

  /** The clocks are read first: a step that takes long must not make the lease longer. */
  grant(): void {
    const now = momentOf(this.#clock);
    this.#words.grantLease(this.#leaseLeftMs(), now);
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.grant();
      await this.#clock.wait(LEASE_MS, signal).catch(() => undefined);
    }
  }
}
