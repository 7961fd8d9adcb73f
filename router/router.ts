import type { RequestHandler } from "express";
import { type ClientLimits, clientLimitsOf } from "../http/server/client-limits.ts";
import { tlsFrontOf } from "../http/tls/tls-front.ts";
import type { Clock } from "../process/clock.ts";
import { Callers } from "../process/control/callers.ts";
import { ControlIdentity } from "../process/control/control-identity.ts";
import { operatorHost } from "../process/control/operator-access.ts";
import { Failure } from "../process/failure.ts";
import type { Log } from "../process/log.ts";
import { startOperatorPort } from "../process/operator-port.ts";
import type { PurgeLog } from "../purge-log/purge-log.ts";
import type { RouterConfig } from "./config.ts";
import { edgeRows } from "./fleet/edge-list.ts";
import { Fleet } from "./fleet/fleet.ts";
import { Membership } from "./fleet/membership.ts";
import { EdgePools } from "./forward/edge-pools.ts";
import { Listener } from "./listener.ts";
import { isServing } from "./measure/edge-health.ts";
import { RouterMetrics } from "./metrics.ts";
import { routePage, routeQuery } from "./route-page.ts";

export interface RouterParts {
  readonly log: Log;
  readonly clock: Clock;
  /** The log in whose heartbeat table edges are discovered. */
  readonly purgeLog?: Pick<PurgeLog, "members" | "onJoin">;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** For tests that cannot wait. */
  readonly limits?: Partial<Limits>;
}

interface Limits extends Partial<ClientLimits> {
  /** Time for a client to send a request's fields. */
  readonly fieldsMs: number;
  /** Clients' connections at a time. */
  readonly connections: number;
  /** How long requests in flight may go on after stop(). */
  readonly stopMs: number;
}

const LIMITS: Limits = {
  // Slow links need a second or two. A client that takes longer holds the connection on purpose.
  fieldsMs: 10_000,
  // Each takes a file descriptor, and a second one to an edge during a request.
  connections: 4096,
  // Shorter than the 30 s after which Kubernetes kills a program that does not stop.
  stopMs: 10_000,
};

export interface RunningRouter {
  readonly addresses: {
    readonly http: { readonly host: string; readonly port: number };
    /** undefined: it has no TLS port. */
    readonly https: { readonly host: string; readonly port: number } | undefined;
    readonly admin: { readonly host: string; readonly port: number };
  };
  /** Takes what may change while it runs: the files of its certificates, and who may read its pages. */
  reload(changes: Pick<RouterConfig, "callers">): void;
  /** Takes no more requests, gives those in flight up to 10 s to end, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Measures the edges, then listens: the first request already finds a measured fleet.
 * Throws a Failure when a port cannot be opened.
 */
export async function startRouter(config: RouterConfig, parts: RouterParts): Promise<RunningRouter> {
  const { log, clock, random = Math.random } = parts;
  const { host, mode, policy, hedge, clientRegion, regions } = config;
  const adminHost = operatorHost(config);
  const identity = config.control === undefined ? undefined : new ControlIdentity(config.control, clock, log);
  let callers = new Callers(config.callers ?? []);
  const limits = { ...LIMITS, ...parts.limits };
  // A router takes every host.
  const tls = tlsFrontOf(config, [], clock, log);
  const metrics = new RouterMetrics({
    inFlight: () => listener.inFlight,
    certificateDaysLeft: () => listener.certificateDaysLeft,
    controlCertificateDaysLeft: () => identity?.daysLeft ?? Number.POSITIVE_INFINITY,
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
    died: (edge, why) => pools.died(edge, why),
    left: (edge) => pools.left(edge),
  });
  const membership = await join(config, fleet, parts);
  await fleet.measured();

  const listener = new Listener({
    mode,
    hedge,
    redirectToHttps: config.redirectToHttps,
    clientRegionField: clientRegion,
    trustedProxies: config.trustedProxies,
    fleet,
    pools,
    clock,
    log,
    metrics,
    limits: { ...clientLimitsOf(config), ...limits },
  });
  let stopping = false;
  const stopped = new AbortController();
  const leave = () => {
    stopped.abort();
    membership?.stop();
    fleet.stop();
  };
  try {
    const port = await listener.open(host, config.port);
    await listener.openTls(host, tls).catch(closeThenThrow(listener));
    const { tlsPort } = listener;
    void tls?.identity.run(stopped.signal);
    void identity?.run(stopped.signal);
    const admin = await startOperatorPort({
      host: adminHost,
      port: config.adminPort,
      names: [host, ...config.adminAllowedHosts],
      access: { tokens: config.tokens, identity, callers: () => callers },
      ready: async () => (stopping ? { ready: false, reasons: ["stopping"] } : readiness(fleet)),
      metrics: () => metrics.text(),
      log,
      pages: operatorPages(fleet),
    }).catch(closeThenThrow(listener));
    log.info({ host, port, tlsPort, adminPort: admin.port, mode }, "router listening");
    const https = tlsPort === undefined ? undefined : { host, port: tlsPort };
    return {
      addresses: { http: { host, port }, https, admin: { host: adminHost, port: admin.port } },
      reload: ({ callers: table = [] }) => {
        identity?.refresh();
        callers = new Callers(table);
      },
      stop: async () => {
        stopping = true;
        await listener.close(limits.stopMs);
        leave();
        await admin.stop();
      },
    };
  } catch (thrown) {
    leave();
    throw thrown;
  }
}

function closeThenThrow(listener: Listener): (thrown: unknown) => Promise<never> {
  return async (thrown) => {
    await listener.close(0);
    throw thrown;
  };
}

/** The pages about the edges and about the choice between them, by path. */
function operatorPages(fleet: Fleet): Readonly<Record<string, RequestHandler>> {
  return {
    "/edges.json": (_request, response) => {
      response.json(edgeRows(fleet.edges, fleet.ranking));
    },
    "/route.json": ({ query }, response) => {
      try {
        const request = routeQuery(query);
        response.json(routePage(request, fleet.explain(request), fleet.edges));
      } catch (thrown) {
        if (!(thrown instanceof Failure)) throw thrown;
        response.status(400).json({ error: thrown.message });
      }
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
  if (parts.purgeLog === undefined) throw new Error("startRouter needs a purge log to discover edges in");
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

function readiness(fleet: Fleet): { ready: boolean; reasons: readonly string[] } {
  const ready = fleet.edges.some(({ health }) => isServing(health));
  return { ready, reasons: ready ? [] : ["no edge is serving"] };
}
