import { parseAddress } from "../../process/address.ts";
import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Heartbeat, Member, PurgeLog } from "../../purge-log/purge-log.ts";
import type { EdgeAddresses } from "./fleet-edge.ts";

// An edge that has left the table is gone after two looks at most; one that joins is seen at its first heartbeat, or
// at the next look when that message is lost, and is measured a moment later.
const LOOK_EVERY_MS = 400;

export interface MembershipParts {
  readonly log: Log;
  readonly clock: Clock;
  /** Called with the whole set whenever it was read. */
  readonly found: (edges: readonly EdgeAddresses[]) => void;
  /** Whether an edge that was found answers and is not about to leave. */
  readonly isAtWork: (edge: EdgeAddresses) => boolean;
}

// A table that has lost its rows gets them back with the edges' next heartbeats, as soon as they reach Redis again,
// which they try every 2 s at least.
const LOST_TABLE_MS = 3000;

/**
 * Follows the heartbeat table. Every edge in it counts, however old its heartbeat is: the edge's own
 * answers to Ping say whether it is alive. While the table cannot be read the last set stays. An edge that is at work
 * has left when it is missing twice in a row, or, after the whole table was lost, when it does not come back into it.
 */
export class Membership {
  readonly #purgeLog: Pick<PurgeLog, "members" | "onJoin">;
  readonly #parts: MembershipParts;
  readonly #stopped = new AbortController();
  /** The edges that were last in the table, as their heartbeats name them. */
  #known: ReadonlySet<string> = new Set();
  #found: readonly Found[] = [];
  /** Until when rows may be missing because the table was lost. */
  #lostUntil = Number.NEGATIVE_INFINITY;
  /** Aborted to look at once. */
  #pause = new AbortController();
  #stopListening: () => void = () => undefined;
  /** Ids of edges whose rows cannot be used; each is told of once. */
  readonly #passedOver = new Set<string>();
  #readable = true;

  constructor(purgeLog: Pick<PurgeLog, "members" | "onJoin">, parts: MembershipParts) {
    this.#purgeLog = purgeLog;
    this.#parts = parts;
  }

  /** Resolves after the first look, whether it succeeded or not; then goes on looking until stop(). */
  async start(): Promise<void> {
    await this.#look();
    // The first heartbeat of an edge that joins wakes us; that one has left, only the table says.
    this.#stopListening = this.#purgeLog.onJoin((beat) => {
      if (!this.#known.has(nameOf(beat))) this.#pause.abort();
    });
    this.#run(this.#stopped.signal).catch((thrown: unknown) => {
      if (!this.#stopped.signal.aborted) throw thrown;
    });
  }

  stop(): void {
    this.#stopListening();
    this.#stopped.abort();
    this.#pause.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#rest(signal);
      await this.#look();
    }
  }

  async #rest(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const pause = new AbortController();
    this.#pause = pause;
    await this.#parts.clock.wait(LOOK_EVERY_MS, pause.signal).catch((thrown: unknown) => {
      if (!pause.signal.aborted) throw thrown;
    });
    signal.throwIfAborted();
  }

  async #look(): Promise<void> {
    const { log, found } = this.#parts;
    try {
      const table = await this.#purgeLog.members();
      if (this.#stopped.signal.aborted) return;
      if (!this.#readable) log.info("heartbeat table readable again");
      this.#known = new Set(table.map(nameOf));
      this.#found = this.#withMissing(table, this.#readable);
      this.#readable = true;
      found(this.#found.map(({ edge }) => edge));
    } catch (thrown) {
      // Said once for each outage, not at every look.
      if (this.#readable)
        log.warn({ why: describeError(thrown) }, "heartbeat table unreadable; known edges stay");
      this.#readable = false;
    }
  }

  /** Those in the table, and those at work that it may only have lost. */
  #withMissing(table: readonly Member[], wasReadable: boolean): readonly Found[] {
    const now = this.#parts.clock.monotonic();
    const there = table
      .filter((member) => this.#isReachable(member))
      .map(({ grpcAddress, httpAddress }) => ({ edge: { grpcAddress, httpAddress }, isMissing: false }));
    const addresses = new Set(there.map(({ edge }) => edge.grpcAddress));
    const missing = this.#found.filter(
      ({ edge }) => !addresses.has(edge.grpcAddress) && this.#parts.isAtWork(edge),
    );
    // Edges are forgotten one by one.
    const isLost = there.length === 0 && (missing.length > 1 || !wasReadable);
    if (isLost) this.#lostUntil = now + LOST_TABLE_MS;
    const staying = missing.filter(({ isMissing }) => !isMissing || now < this.#lostUntil);
    return [...there, ...staying.map(({ edge }) => ({ edge, isMissing: true }))];
  }

  #isReachable({ edge, grpcAddress, httpAddress }: Member): boolean {
    if (parseAddress(grpcAddress) !== undefined && parseAddress(httpAddress) !== undefined) return true;
    if (!this.#passedOver.has(edge)) {
      this.#passedOver.add(edge);
      this.#parts.log.error({ edge, grpcAddress, httpAddress }, "edge with malformed addresses passed over");
    }
    return false;
  }
}

interface Found {
  readonly edge: EdgeAddresses;
  /** It was not in the table any more. */
  readonly isMissing: boolean;
}

/** What the routing goes by: an edge that has moved is another one. */
function nameOf({ edge, grpcAddress, httpAddress }: Heartbeat): string {
  return `${edge} ${grpcAddress} ${httpAddress}`;
}
