import { CLOCK_RATE_MARGIN, LEASE_MARGIN_MS } from "../membership.ts";

/** How far the server's wall clock is ahead of our monotonic clock, as a range: a reply takes its time. */
interface Offset {
  readonly least: number;
  readonly most: number;
  /** When this was known, in milliseconds of our monotonic clock. */
  readonly at: number;
}

/** The facts in one reply with the server's time. */
export interface ServerTime {
  /** How long ages by the server's clock can be believed: since its last step, or for ever if none was seen. */
  readonly trustedForMs: number;
  /** By how much the clock may have been set forward without being noticed, because the reply was slow. */
  readonly hiddenMs: number;
}

/**
 * Rule R3. Notices when the wall clock of the server is set, forward or back. Ages in the table of edges are differences of that
 * clock, so after a step forward an edge looks silent that beat a moment ago. Each reply with the server's time is
 * compared with our monotonic clock: rates agree within 1 %, so the two move together unless one is set.
 */
export class ServerClock {
  #known: Offset | undefined;
  #steppedAt: number | undefined;

  /** `serverMs` was read between `sentAt` and `receivedAt`, which are of our monotonic clock. */
  observe(serverMs: number, sentAt: number, receivedAt: number): ServerTime {
    const seen: Offset = { least: serverMs - receivedAt, most: serverMs - sentAt, at: receivedAt };
    const known = this.#known === undefined ? seen : drifted(this.#known, receivedAt);
    const isStep = seen.least > known.most + LEASE_MARGIN_MS || seen.most < known.least - LEASE_MARGIN_MS;
    if (isStep) this.#steppedAt = receivedAt;
    this.#known = isStep ? seen : closer(known, seen);
    const hiddenMs = isStep ? 0 : Math.max(0, seen.most - known.least);
    return {
      trustedForMs: this.#trustedForMs(receivedAt),
      // So much is within the margin that every lease is given.
      hiddenMs: hiddenMs <= LEASE_MARGIN_MS ? 0 : hiddenMs,
    };
  }

  /** When the last step was noticed; undefined when there was none. */
  get steppedAt(): number | undefined {
    return this.#steppedAt;
  }

  #trustedForMs(now: number): number {
    return this.#steppedAt === undefined ? Number.POSITIVE_INFINITY : now - this.#steppedAt;
  }
}

/** The possible range of the offset by now, given how far clock rates may differ. */
function drifted({ least, most, at }: Offset, now: number): Offset {
  const drift = (now - at) * (CLOCK_RATE_MARGIN - 1);
  return { least: least - drift, most: most + drift, at: now };
}

/** The range that both allow. Where they contradict each other within the margin the older stays, so that small steps add up. */
function closer(known: Offset, seen: Offset): Offset {
  const [least, most] = [Math.max(known.least, seen.least), Math.min(known.most, seen.most)];
  return least <= most ? { least, most, at: seen.at } : known;
}
