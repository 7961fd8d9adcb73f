import type { ProcessMemory } from "../../edge/cache/memory-watch.ts";
import { type EdgeConfig, edgeDefaults } from "../../edge/config.ts";
import { type Edge, startEdge } from "../../edge/edge.ts";
import type { OriginConfig } from "../../edge/origin/open-origin.ts";
import type { Reloaded } from "../../edge/reload.ts";
import { SAFE_RULES, type SiteRules } from "../../edge/rules/site-rules.ts";
import { type Clock, systemClock } from "../../process/clock.ts";
import { createLog, type Log } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";

/** A real edge on free ports of this machine. */
export interface TestEdge extends Edge {
  reload(changes: Partial<EdgeConfig>): Promise<Reloaded>;
  /** Base URL of its data port. */
  readonly url: string;
  /** Base URL of its operator port. */
  readonly operator: string;
  /** host:port of its control plane. */
  readonly control: string;
}

export interface TestEdgeOptions extends Partial<Omit<EdgeConfig, "sites">> {
  readonly sites?: EdgeConfig["sites"];
  /** Of the one site that there is without `sites`. */
  readonly rules?: SiteRules;
  readonly purgeLog?: PurgeLog;
  readonly clock?: Clock;
  readonly processMemory?: ProcessMemory;
  readonly log?: Log;
}

export async function startTestEdge(
  origin: OriginConfig | URL,
  options: TestEdgeOptions = {},
): Promise<TestEdge> {
  const { purgeLog, clock = systemClock, rules = SAFE_RULES, processMemory, log, ...rest } = options;
  const config: EdgeConfig = {
    ...edgeDefaults(),
    port: 0,
    grpcPort: 0,
    adminPort: 0,
    sites: [
      {
        name: "default",
        hosts: [],
        origin: origin instanceof URL ? { kind: "http", url: origin } : origin,
        rules,
      },
    ],
    memory: 64 * 1024 * 1024,
    drain: 10_000,
    purgeRate: 1_000_000,
    logLevel: "silent",
    ...rest,
  };
  const edge = await startEdge(config, {
    purgeLog: purgeLog ?? new MemoryPurgeLog(clock),
    clock,
    log: log ?? createLog("test", "silent"),
    ...(processMemory === undefined ? {} : { memory: processMemory }),
  });
  return {
    id: edge.id,
    http: edge.http,
    https: edge.https,
    grpc: edge.grpc,
    admin: edge.admin,
    drain: () => edge.drain(),
    stop: () => edge.stop(),
    reload: (changes) => edge.reload({ ...config, ...changes }),
    url: `http://127.0.0.1:${edge.http.port}`,
    operator: `http://127.0.0.1:${edge.admin.port}`,
    control: `127.0.0.1:${edge.grpc.port}`,
  };
}
