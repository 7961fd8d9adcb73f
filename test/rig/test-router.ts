import { PassThrough } from "node:stream";
import { pino } from "pino";
import { NO_ACCESS_LOG } from "../../http/access-log/access-settings.ts";
import { NO_ACME } from "../../http/acme/acme-settings.ts";
import { defaultClientLimits } from "../../http/server/client-limits.ts";
import { defaultTunnels } from "../../http/server/tunnel-settings.ts";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { systemClock } from "../../process/clock.ts";
import { NO_CONTROL } from "../../process/control/control-config.ts";
import { NO_TRACES } from "../../process/tracing/trace-settings.ts";
import { PLAIN_ACCESS } from "../../purge-log/redis/redis-access.ts";
import type { RouterConfig } from "../../router/config.ts";
import { defaultPatience } from "../../router/forward/edge-patience.ts";
import { type RunningRouter, startRouter } from "../../router/router.ts";
import type { RouterParts } from "../../router/routing.ts";
import type { RoutedEdge } from "./routed-edge.ts";

/** A router on free ports, with its log in reach. */
export interface TestRouter {
  readonly running: RunningRouter;
  /** http://host:port of its port for clients. */
  readonly base: string;
  /** The same of its operator port. */
  readonly admin: string;
  /** Its log lines so far. */
  readonly log: readonly Record<string, unknown>[];
  /** Resolves with the first log line, past or to come, whose message is this. */
  logged(message: string): Promise<Record<string, unknown>>;
}

export async function startTestRouter(
  edges: readonly RoutedEdge[],
  config: Partial<RouterConfig> = {},
  parts: Partial<RouterParts> = {},
): Promise<TestRouter> {
  const log: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const sink = new PassThrough().setEncoding("utf8").on("data", (lines: string) => {
    for (const line of lines.trim().split("\n")) log.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  const running = await startRouter(
    {
      host: "127.0.0.1",
      port: 0,
      adminPort: 0,
      adminHost: undefined,
      adminAllowedHosts: [],
      dashboard: "on",
      mode: "proxy",
      policy: "nearest",
      hedge: false,
      clientRegion: undefined,
      workers: 1,
      regions: new Map(),
      trustedProxies: [],
      proxyProtocol: [],
      tellVersion: false,
      notice: 0,
      ...PLAIN_ACCESS,
      ...defaultClientLimits,
      ...defaultTunnels,
      ...defaultPatience,
      ...NO_TLS,
      ...NO_ACCESS_LOG,
      ...NO_TRACES,
      ...NO_ACME,
      ...NO_CONTROL,
      logLevel: "debug",
      edges: { kind: "listed", grpcAddresses: edges.map(({ grpcAddress }) => grpcAddress) },
      ...config,
    },
    { log: pino({ level: "debug" }, sink), clock: systemClock, ...parts },
  );
  const { http, admin } = running.addresses;
  return {
    running,
    base: `http://127.0.0.1:${http.port}`,
    admin: `http://127.0.0.1:${admin.port}`,
    log,
    logged: (message) =>
      new Promise((resolve) => {
        const look = () => {
          const line = log.find(({ msg }) => msg === message);
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
      }),
  };
}
