import { cacheOf } from "../../edge/cache/context.ts";
import type { EdgeCounters } from "../../edge/cache/metrics.ts";
import { serve } from "../../edge/cache/serve.ts";
import { edgeDefaults } from "../../edge/config.ts";
import { Listener } from "../../edge/data-plane/listener.ts";
import { CLIENT_HOST } from "../../edge/origin/host-policy.ts";
import { openOrigin } from "../../edge/origin/open-origin.ts";
import { Sites } from "../../edge/origin/sites.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { ServerLimits } from "../../http/server/http-server.ts";
import { type Clock, systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { memoryStore } from "./memory-store.ts";

/** The data port of an edge, without its other ports: for what only an edge's inside can be told. */
export interface TestListener {
  readonly url: string;
  readonly counters: EdgeCounters;
  readonly listener: Listener;
  stop(): Promise<void>;
}

export async function startTestListener(
  url: URL,
  limits: Partial<ServerLimits>,
  clock: Clock = systemClock,
): Promise<TestListener> {
  const log = createLog("test", "silent");
  const purgeLog = new MemoryPurgeLog(clock);
  const store = memoryStore(2 ** 20);
  const follower = new PurgeFollower({ leaseMs: 2_000, purgeLog, store, clock, log });
  await follower.start({ edge: "edge-1", bootId: "boot", grpcAddress: "h:1", httpAddress: "h:2" });
  const origin = await openOrigin(
    { kind: "http", url },
    { ttlMs: 0, host: CLIENT_HOST, via: "edge-1", clock, random: Math.random, log },
  );
  const origins = new Map([["default", origin]]);
  const edge = cacheOf({ id: "edge-1", origins, store, purges: follower, clock, log }, 2 ** 20);
  const listener = new Listener(
    { ...edge, serve: (request) => serve(request, edge) },
    new Sites([{ name: "default", hosts: [], origin: { kind: "http", url } }]),
    { ...edgeDefaults(), simulateLatencyMs: 0, isToken: () => false },
    limits,
  );
  const port = await listener.open("127.0.0.1", 0);
  return {
    url: `http://127.0.0.1:${port}`,
    counters: edge.counters,
    listener,
    stop: async () => {
      await listener.close(0);
      await follower.stop();
      await purgeLog.close();
      await origin.close();
    },
  };
}
