import type { AccessLogParts } from "../http/access-log/access-log.ts";
import { type ClientLimits, clientLimitsOf } from "../http/server/client-limits.ts";
import { COUNTED_ALONE, type CountedTogether } from "../http/server/client-tables.ts";
import { versionLine } from "../http/server/version-field.ts";
import { tlsFrontOf } from "../http/tls-front.ts";
import type { Clock } from "../process/clock.ts";
import type { ControlIdentity } from "../process/control/control-identity.ts";
import type { Finding } from "../process/finding.ts";
import type { ClientPorts, PortSharing } from "../process/listen.ts";
import type { Log } from "../process/log.ts";
import type { Tracer } from "../process/tracing/tracer.ts";
import type { PurgeLog } from "../purge-log/purge-log.ts";
import type { RouterConfig } from "./config.ts";
import type { Demo } from "./dashboard/demo-page.ts";
import { Fleet } from "./fleet/fleet.ts";
import { Membership } from "./fleet/membership.ts";
import { EdgePools } from "./forward/edge-pools.ts";
import { PSEUDONYM } from "./forward/request-head-out.ts";
import { Listener } from "./listener.ts";
import { RouterMetrics } from "./metrics.ts";

export interface RouterParts {
  readonly log: Log;
  readonly clock: Clock;
  /** The log in whose heartbeat table edges are discovered. */
  readonly purgeLog?: Pick<PurgeLog, "members" | "onJoin">;
  /** With the other threads of the router. */
  readonly counted?: CountedTogether;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Takes the lines of the access log to where they go; undefined: there are none. */
  readonly logTo?: AccessLogParts["take"] | undefined;
  /** undefined: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** What the dashboard offers to break. */
  readonly demo?: Demo | undefined;
  /** For tests that cannot wait. */
  readonly limits?: Partial<Limits>;
}

interface Limits extends Partial<ClientLimits> {
  /** Time for a client to send a request's fields. */
  readonly fieldsMs: number;
  /** Clients' connections at a time, at all threads. */
  readonly connections: number;
  /** How long requests in flight may go on after stop(). */
  readonly stopMs: number;
}

const LIMITS: Limits = {
  // Slow links need a second or two. A client that takes longer holds the connection on purpose.
  fieldsMs: 10_000,
  // As many as an edge takes. Each takes 48 KiB at most, a file descriptor, and a second one to an edge during a request.
  connections: 6_000,
  // Shorter than the 30 s after which Kubernetes kills a program that does not stop.
  stopMs: 10_000,
};

/** One thread of a router: it measures the edges, and sends each request to one of them. */
export interface Routing {
  readonly fleet: Fleet;
  readonly metrics: RouterMetrics;
  /** Opens the ports for clients. Resolves with those that are bound. Throws a Failure. */
  open(sharing?: PortSharing): Promise<ClientPorts>;
  /** What an operator should know of its certificates. */
  readonly certificateFindings: readonly Finding[];
  /** Takes what has changed in the files of its certificates. */
  refreshCertificates(): void;
  /** From now on each answer says that its connection ends with it. */
  windDown(): void;
  /** Takes no more requests, and gives those in flight up to `patienceMs`, else some seconds, to end. */
  close(patienceMs?: number): Promise<void>;
  /** Measures no more. */
  leave(): void;
}

/** Measures the edges first, so that the first request finds a measured fleet. */
export async function startRouting(
  config: RouterConfig,
  parts: RouterParts,
  identity: ControlIdentity | undefined,
): Promise<Routing> {
  const { log, clock, random = Math.random, counted = COUNTED_ALONE } = parts;
  const { host, mode, policy, hedge, clientRegion, regions } = config;
  const limits = { ...LIMITS, ...parts.limits };
  // A router takes every host.
  const tls = await tlsFrontOf(config, [], clock, log);
  const metrics = new RouterMetrics({
    load: () => listener.load,
    certificateEndsAt: () => listener.certificateEndsAt,
    controlCertificateEndsAt: () => identity?.endsAt ?? Number.POSITIVE_INFINITY,
    edges: () => fleet.edges,
    ranking: () => fleet.ranking,
  });
  const pools = new EdgePools();
  const fleet = new Fleet({
    log,
    clock,
    random,
    identity,
    choice: { policy, regions, routerId: String(random()) },
    ejected: (edge) => metrics.ejected(edge),
    pinged: (edge, ms) => metrics.pinged(edge, ms),
    died: (edge, why) => pools.died(edge, why),
    left: (edge) => pools.left(edge),
  });
  const membership = await join(config, fleet, parts);
  await fleet.measured();
  const listener = new Listener({
    mode,
    hedge,
    redirectToHttps: config.redirectToHttps,
    h2c: config.h2c,
    ownLines: versionLine(PSEUDONYM, config),
    upgrades: config.upgrades,
    tunnelIdle: config.tunnelIdle,
    clientRegionField: clientRegion,
    trustedProxies: config.trustedProxies,
    proxyProtocol: config.proxyProtocol,
    counted,
    fleet,
    pools,
    clock,
    log,
    metrics,
    random,
    values: config,
    logTo: parts.logTo,
    tracer: parts.tracer,
    limits: {
      ...clientLimitsOf(config),
      answererMs: config.firstByte,
      answerMs: config.betweenBytes,
      ...limits,
    },
  });
  const stopped = new AbortController();
  return {
    fleet,
    metrics,
    open: async (sharing) => {
      const port = await listener.open(host, config.port, sharing);
      await listener.openTls(host, tls, sharing).catch(async (thrown: unknown) => {
        await listener.close(0);
        throw thrown;
      });
      void tls?.run(stopped.signal);
      void identity?.run(stopped.signal);
      return { host, port, tlsPort: listener.tlsPort };
    },
    get certificateFindings() {
      return [...listener.certificateFindings, ...(identity?.findings ?? [])];
    },
    refreshCertificates: () => {
      listener.refreshCertificates();
      identity?.refresh();
    },
    windDown: () => listener.windDown(),
    close: (patienceMs = limits.stopMs) => listener.close(patienceMs),
    leave: () => {
      stopped.abort();
      membership?.stop();
      fleet.stop();
    },
  };
}

/** Fills the fleet. The membership that is returned keeps it up to date. */
async function join(config: RouterConfig, fleet: Fleet, parts: RouterParts): Promise<Membership | undefined> {
  const { edges } = config;
  if (edges.kind === "listed") {
    fleet.set(edges.grpcAddresses.map((grpcAddress) => ({ grpcAddress, httpAddress: undefined })));
    return undefined;
  }
  if (parts.purgeLog === undefined) throw new Error("a router needs a purge log to discover edges in");
  const { log, clock, purgeLog } = parts;
  const membership = new Membership(purgeLog, {
    log,
    clock,
    found: (found) => fleet.set(found),
    isAtWork: (edge) => fleet.isAtWork(edge),
  });
  await membership.start();
  return membership;
}
