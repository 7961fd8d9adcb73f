import { parseAddress } from "../../process/address.ts";
import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Heartbeat, Member, PurgeLog } from "../../purge-log/purge-log.ts";
import type { EdgeAddresses } from "./fleet-edge.ts";

// The router notices a missing edge after at most two reads. It notices a new edge at its first heartbeat, or at the
// next read if that message is lost.
const LOOK_EVERY_MS = 400;

export interface MembershipParts {
  readonly log: Log;
  readonly clock: Clock;
  /** Called with the whole set after every read. */
  readonly found: (edges: readonly EdgeAddresses[]) => void;
  /** Whether this edge answers and is not draining. */
  readonly isAtWork: (edge: EdgeAddresses) => boolean;
}

// Lost rows come back with the next heartbeats of the edges. Edges that cannot reach Redis try again at least every
// 2 s.
const LOST_TABLE_MS = 3000;

/**
 * Follows the heartbeat table. Every edge in it counts, however old its heartbeat is, because its Ping replies show
 * whether it is alive. While the table is unreadable the last set stays. A running edge has left when it is missing
 * twice in a row, or when it does not return after the whole table was lost.
 */
export class Membership {
  readonly #purgeLog: Pick<PurgeLog, "members" | "onJoin">;
  readonly #parts: MembershipParts;
  readonly #stopped = new AbortController();
  /** The edges of the last read, with their ids from the heartbeats. */
  #known: ReadonlySet<string> = new Set();
  #found: readonly Found[] = [];
  /** The end of the time in which rows may be missing because the table was lost. */
  #lostUntil = Number.NEGATIVE_INFINITY;
  /** Aborted to read at once. */
  #pause = new AbortController();
  #stopListening: () => void = () => undefined;
  /** Ids of edges with unusable rows; each is logged once. */
  readonly #passedOver = new Set<string>();
  #readable = true;

  constructor(purgeLog: Pick<PurgeLog, "members" | "onJoin">, parts: MembershipParts) {
    this.#purgeLog = purgeLog;
    this.#parts = parts;
  }

  /** Resolves after the first read, successful or not. Then reads on until stop(). */
  async start(): Promise<void> {
    await this.#look();
    // The first heartbeat of a new edge wakes this loop. Only the table shows that an edge has left.
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
      // Logged once per outage, not at every read.
      if (this.#readable)
        log.warn({ why: describeError(thrown) }, "heartbeat table unreadable; known edges stay");
      this.#readable = false;
    }
  }

  /** The edges in the table, and running edges whose rows may be lost. */
  #withMissing(table: readonly Member[], wasReadable: boolean): readonly Found[] {
    const now = this.#parts.clock.monotonic();
    const there = table
      .filter((member) => this.#isReachable(member))
      .map(({ grpcAddress, httpAddress }) => ({ edge: { grpcAddress, httpAddress }, isMissing: false }));
    const addresses = new Set(there.map(({ edge }) => edge.grpcAddress));
    const missing = this.#found.filter(
      ({ edge }) => !addresses.has(edge.grpcAddress) && this.#parts.isAtWork(edge),
    );
    // Operators forget edges one by one, so a missing table is a loss.
    const isLost = there.length === 0 && (missing.length > 1 || !wasReadable);
    if (isLost) this.#lostUntil = now + LOST_TABLE_MS;
    const staying = missing.filter(({ isMissing }) => !isMissing || now < this.#lostUntil);
    return [...there, ...staying.map(({ edge }) => ({ edge, isMissing: true }))];
  }

  #isReachable({ edge, grpcAddress, httpAddress }: Member): boolean {
    if (parseAddress(grpcAddress) !== undefined && parseAddress(httpAddress) !== undefined) return true;
    if (!this.#passedOver.has(edge)) {
      this.#passedOver.add(edge);
      this.#parts.log.error({ edge, grpcAddress, httpAddress }, "edge ignored: malformed addresses");
    }
    return false;
  }
}

interface Found {
  readonly edge: EdgeAddresses;
  /** It was missing in the last read. */
  readonly isMissing: boolean;
}

/** Identifies an edge for routing: one with a new address is a different edge. */
function nameOf({ edge, grpcAddress, httpAddress }: Heartbeat): string {
  return `${edge} ${grpcAddress} ${httpAddress}`;
}
