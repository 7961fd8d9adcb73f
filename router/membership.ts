import type { Clock } from "../process/clock.ts";
import { describeError } from "../process/failure.ts";
import type { Log } from "../process/log.ts";
import type { Member, PurgeLog } from "../purge-log/purge-log.ts";
import { parseAddress } from "./address.ts";
import type { EdgeAddresses } from "./fleet.ts";

// An edge that joins is seen within this, measured within another second, and so in traffic within two.
const LOOK_EVERY_MS = 500;

export interface MembershipParts {
  readonly log: Log;
  readonly clock: Clock;
  /** Called with the whole set whenever it was read. */
  readonly found: (edges: readonly EdgeAddresses[]) => void;
}

/**
 * Follows the heartbeat table. Every edge in it counts, however old its heartbeat is: the edge's own
 * answers to Ping say whether it is alive. While the table cannot be read the last set stays.
 */
export class Membership {
  readonly #purgeLog: Pick<PurgeLog, "members">;
  readonly #parts: MembershipParts;
  readonly #stopped = new AbortController();
  /** Ids of edges whose rows cannot be used; each is told of once. */
  readonly #passedOver = new Set<string>();
  #readable = true;

  constructor(purgeLog: Pick<PurgeLog, "members">, parts: MembershipParts) {
    this.#purgeLog = purgeLog;
    this.#parts = parts;
  }

  /** Resolves after the first look, whether it succeeded or not; then goes on looking until stop(). */
  async start(): Promise<void> {
    await this.#look();
    this.#run(this.#stopped.signal).catch((thrown: unknown) => {
      if (!this.#stopped.signal.aborted) throw thrown;
    });
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#parts.clock.wait(LOOK_EVERY_MS, signal);
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { log, found } = this.#parts;
    try {
      const members = (await this.#purgeLog.members()).filter((member) => this.#isReachable(member));
      if (this.#stopped.signal.aborted) return;
      if (!this.#readable) log.info("heartbeat table readable again");
      this.#readable = true;
      found(members.map(({ grpcAddress, httpAddress }) => ({ grpcAddress, httpAddress })));
    } catch (thrown) {
      // Said once for each outage, not at every look.
      if (this.#readable)
        log.warn({ why: describeError(thrown) }, "heartbeat table unreadable; known edges stay");
      this.#readable = false;
    }
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
