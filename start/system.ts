import { edgeDefaults } from "../edge/config.ts";
import type { Edge, Surroundings } from "../edge/edge.ts";
import type { OriginConfig } from "../edge/origin/open-origin.ts";
import type { Site } from "../edge/origin/sites.ts";
import { NO_ACCESS_LOG } from "../http/access-log/access-settings.ts";
import { NO_ACME } from "../http/acme/acme-settings.ts";
import { defaultClientLimits } from "../http/server/client-limits.ts";
import { defaultTunnels } from "../http/server/tunnel-settings.ts";
import type { CertificateFiles } from "../http/tls/certificate.ts";
import { NO_TLS } from "../http/tls/tls-settings.ts";
import type { Address } from "../process/address.ts";
import { NO_CONTROL } from "../process/control/control-config.ts";
import { hostPort } from "../process/listen.ts";
import { NO_TRACES } from "../process/tracing/trace-settings.ts";
import { refuseUnfit } from "../purge-log/log-server-watch.ts";
import { openPurgeLog } from "../purge-log/open-purge-log.ts";
import { PLAIN_ACCESS } from "../purge-log/redis/redis-access.ts";
import type { Demo } from "../router/dashboard/demo-page.ts";
import { defaultPatience } from "../router/forward/edge-patience.ts";
import { startRouter } from "../router/router.ts";
import { isDemoSite, type StartConfig } from "./config.ts";
import { DemoControls } from "./demo-controls.ts";
import { DemoEdge } from "./demo-edge.ts";
import { DemoFleet } from "./demo-fleet.ts";
import { type DemoOrigin, startDemoOrigin } from "./demo-origin.ts";
import { DEMO_PATHS, demoSite } from "./demo-site.ts";
import { DemoTraffic } from "./demo-traffic.ts";

// After Ctrl-C, a demonstration waits no longer than this for clients that still download.
const DRAIN_MS = 10_000;

/** The whole system in one process. */
export interface System {
  /** Those that run, or ran last: the dashboard stops and starts them. */
  readonly edges: readonly Edge[];
  readonly router: {
    readonly http: Address;
    readonly https: Address | undefined;
    readonly admin: Address;
  };
  /** Stops the router first, so that no request meets a stopped edge. */
  stop(): Promise<void>;
}

/**
 * Starts three edges and a router that share a purge log. `certificate`: of the router, which takes clients by HTTPS then.
 * Throws a Failure when one of them cannot start.
 */
export async function startSystem(
  config: StartConfig,
  parts: Omit<Surroundings, "purgeLog">,
  certificate?: CertificateFiles,
): Promise<System> {
  const { clock, log } = parts;
  const { host, origin, memory, ttl, lease, purgeRate, tokens, logLevel } = config;
  const purgeLog = openPurgeLog(config.redis, clock, log, config);
  const edges: DemoEdge[] = [];
  let behind: DemoOrigin | undefined;
  const stopEdges = async (): Promise<void> => {
    await Promise.all(edges.map((edge) => edge.stop()));
    await behind?.stop();
    await purgeLog.close();
  };
  let front = "";
  let operator = "";
  const fleet = new DemoFleet(
    () => ({ router: operator, edges: edges.filter((edge) => edge.isRunning).map(operatorPort) }),
    tokens.token,
  );
  const paths = isDemoSite(origin) ? DEMO_PATHS : ["/"];
  const visitors = new DemoTraffic(paths, () => front, { clock, random: Math.random });
  try {
    await refuseUnfit(purgeLog);
    if (isDemoSite(origin)) behind = await startDemoOrigin({ host, fleet, clock, log });
    const usual: Site = { name: "default", hosts: [], origin, host: config.originHost, rules: config.rules };
    const site = behind === undefined ? usual : demoSite(usual, config.rules, behind.url);
    for (const [index, ports] of config.ports.edges.entries()) {
      const edge = await DemoEdge.start(
        {
          ...edgeDefaults(),
          id: `edge-${index + 1}`,
          host,
          advertise: host,
          ...ports,
          sites: [site],
          memory,
          ttl,
          lease,
          simulateLatency: config.simulateLatencyMs[index] ?? 0,
          drain: DRAIN_MS,
          purgeRate,
          tokens,
          logLevel,
        },
        purgeLog,
        parts,
      );
      edges.push(edge);
    }
    const grpcAddresses = edges.map(({ edge }) => hostPort(edge.grpc.host, edge.grpc.port));
    const controls = new DemoControls(edges, visitors);
    const demo: Demo = {
      get links() {
        return demoLinks(front, origin);
      },
      act: (action, body) => controls.act(action, body),
    };
    const router = await startRouter(
      {
        host,
        port: config.ports.router,
        adminPort: config.ports.routerAdmin,
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
        ...(certificate === undefined ? {} : httpsBy(certificate, config.ports.routerTls)),
        ...NO_CONTROL,
        tokens,
        logLevel,
        edges: { kind: "listed", grpcAddresses },
      },
      { log, clock, demo },
    );
    front = `http://${hostPort(router.addresses.http.host, router.addresses.http.port)}`;
    operator = `http://${hostPort(router.addresses.admin.host, router.addresses.admin.port)}`;
    return {
      get edges() {
        return edges.map(({ edge }) => edge);
      },
      router: router.addresses,
      stop: async () => {
        await controls.stop();
        await router.stop();
        await stopEdges();
      },
    };
  } catch (thrown) {
    await stopEdges();
    throw thrown;
  }
}

function operatorPort({ edge }: DemoEdge): string {
  return `http://${hostPort(edge.admin.host, edge.admin.port)}`;
}

function demoLinks(front: string, origin: OriginConfig): Demo["links"] {
  return isDemoSite(origin)
    ? { "Demo site": `${front}/`, Lessons: `${front}/learn/` }
    : { Site: `${front}/` };
}

function httpsBy({ cert, key }: CertificateFiles, tlsPort: number) {
  return { tlsPort, tlsCert: [cert], tlsKey: [key], tellTls: true };
}
