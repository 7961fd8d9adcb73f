import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import { BEGINNING } from "../../purge-log/position.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";

/** The table in Redis in which a router finds edges, with rows that no edge wrote. */
export class HeartbeatTable {
  readonly #purgeLog: PurgeLog;
  readonly #added: string[] = [];

  constructor(redis: string) {
    this.#purgeLog = openPurgeLog(redis, systemClock, createLog("test", "silent"));
  }

  /** Addresses are host:port. */
  async add(edge: string, grpcAddress: string, httpAddress: string): Promise<void> {
    this.#added.push(edge);
    await this.#purgeLog.heartbeat({
      edge,
      bootId: bootOf(edge),
      grpcAddress,
      httpAddress,
      position: BEGINNING,
      runId: "",
      leaseMs: 1_000,
      sites: "",
      staleWhenLapsed: false,
      applied: [],
    });
  }

  /** Takes its rows away again. */
  async close(): Promise<void> {
    for (const edge of this.#added) await this.#purgeLog.leave(edge, bootOf(edge));
    await this.#purgeLog.close();
  }
}

function bootOf(edge: string): string {
  return `boot-of-${edge}`;
}
