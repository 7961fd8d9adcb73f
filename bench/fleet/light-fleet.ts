import { randomUUID } from "node:crypto";
import { Confirmations } from "../../edge/control-plane/confirmations.ts";
import { collectReceipts, isProven } from "../../edge/control-plane/receipts.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import { evictionBy } from "../../edge/store/eviction/policies.ts";
import { MemoryStore } from "../../edge/store/memory-store.ts";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { askedVia } from "../../purge-log/taker.ts";

const LEASE_MS = 2_000;
const WAIT_MS = 10_000;
const silent = createLog("bench", "silent");

/** Holds nothing, and says that every purge has removed one response: so there is a count to be told. */
class CountingStore extends MemoryStore {
  constructor() {
    super({ maxBytes: 1024, eviction: () => evictionBy("adaptive"), clock: systemClock });
  }

  override async purge(): Promise<number> {
    return 1;
  }
}

interface LightEdge {
  readonly id: string;
  readonly purgeLog: PurgeLog;
  readonly follower: PurgeFollower;
  readonly confirmations: Confirmations;
}

/** Edges without clients, origins and ports: the real log, follower, heartbeats and receipts. */
export class LightFleet {
  readonly #edges: LightEdge[] = [];
  readonly #redis: string;

  constructor(redis: string) {
    this.#redis = redis;
  }

  /** Edges numbered from `first` join, one after the other. */
  async join(first: number, count: number): Promise<void> {
    for (let number = first; number < first + count; number += 1) {
      const id = `edge-${number}`;
      const purgeLog = openPurgeLog(this.#redis, systemClock, silent);
      const confirmations = new Confirmations(id, purgeLog);
      const store = new CountingStore();
      const follower = new PurgeFollower({
        leaseMs: LEASE_MS,
        purgeLog,
        store,
        clock: systemClock,
        log: silent,
      });
      const address = `10.0.0.${number % 256}`;
      await follower.start({
        edge: id,
        bootId: randomUUID(),
        grpcAddress: `${address}:50051`,
        httpAddress: `${address}:8081`,
      });
      this.#edges.push({ id, purgeLog, follower, confirmations });
    }
  }

  /** A purge through one of the edges. Resolves to the milliseconds until every edge has applied it. */
  async purge(number: number): Promise<number> {
    const edge = this.#edges[number % this.#edges.length];
    if (edge === undefined) throw new Error("a fleet has at least one edge");
    const { id, purgeLog, follower, confirmations } = edge;
    const target = { kind: "url", target: `/page-${number}` } as const;
    const purge = { purgeId: randomUUID(), targets: [target], soft: false, by: askedVia("bench", id) };
    const startedAt = performance.now();
    const appended = await purgeLog.append(purge, follower.position);
    if (appended.kind !== "accepted") throw new Error(`a purge was ${appended.kind}: ${appended.reason}`);
    const receipts = await collectReceipts(appended, WAIT_MS, {
      purgeLog,
      clock: systemClock,
      confirmations,
    });
    if (!isProven(receipts)) throw new Error("a purge was not proven");
    return performance.now() - startedAt;
  }

  async leave(): Promise<void> {
    for (const { follower, purgeLog } of this.#edges) {
      await follower.stop();
      await purgeLog.close();
    }
  }
}
