import { hostname } from "node:os";
import type { RequestHandler } from "express";
import { AccessOutput } from "../http/access-log/access-output.ts";
import type { TakeBatch } from "../http/access-log/batch-writer.ts";
import { keepCertificates } from "../http/acme/keep-certificates.ts";
import manifest from "../package.json" with { type: "json" };
import type { Clock } from "../process/clock.ts";
import { Callers } from "../process/control/callers.ts";
import { ControlIdentity } from "../process/control/control-identity.ts";
import { operatorHost } from "../process/control/operator-access.ts";
import { Failure } from "../process/failure.ts";
import type { Finding } from "../process/finding.ts";
import { type HeldPorts, holdPorts } from "../process/listen.ts";
import { type Readiness, startOperatorPort } from "../process/operator-port.ts";
import { Tracing } from "../process/tracing/tracing.ts";
import type { RouterConfig } from "./config.ts";
import { Dashboard } from "./dashboard/dashboard.ts";
import { edgeRows } from "./fleet/edge-list.ts";
import type { Fleet } from "./fleet/fleet.ts";
import { isServing } from "./measure/edge-health.ts";
import { routePage, routeQuery } from "./route-page.ts";
import { NO_THREADS, type RouterThreads } from "./router-threads.ts";
import { type RouterParts, type Routing, startRouting } from "./routing.ts";

export interface RunningRouter {
  readonly addresses: {
    readonly http: { readonly host: string; readonly port: number };
    /** undefined: it has no TLS port. */
    readonly https: { readonly host: string; readonly port: number } | undefined;
    readonly admin: { readonly host: string; readonly port: number };
  };
  /** Takes what may change while it runs: the files of its certificates and access log, and who may read its pages. */
  reload(changes: Pick<RouterConfig, "callers" | "accessLog">): void;
  /** Says that it stops, and resolves when load balancers have had the time to notice. Until then it takes requests. */
  drain(): Promise<void>;
  /** Takes no more requests, gives those in flight up to 10 s to end, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Measures the edges, then listens: the first request already finds a measured fleet. `threads` serve the ports for
 * clients together with this one. Throws a Failure when a port cannot be opened.
 */
export async function startRouter(
  config: RouterConfig,
  parts: RouterParts,
  threads: RouterThreads = NO_THREADS,
): Promise<RunningRouter> {
  const { log, clock } = parts;
  const adminHost = operatorHost(config);
  const identity = config.control === undefined ? undefined : new ControlIdentity(config.control, clock, log);
  let callers = new Callers(config.callers ?? []);
  let stopping = false;
  const stopped = new AbortController();
  let routing: Routing | undefined;
  let held: HeldPorts | undefined;
  let dashboard: Dashboard | undefined;
  const { accessLog } = config;
  const dropped = (lines: number) => routing?.metrics.accessLogDropped(lines);
  const output =
    accessLog.kind === "off"
      ? undefined
      : new AccessOutput(accessLog, { program: "router", clock, log, dropped });
  const logTo: TakeBatch | undefined = output && ((batch, free) => output.take(batch, free));
  const tracing = await Tracing.open(config, {
    program: "router",
    instance: `${hostname()}:${process.pid}`,
    clock,
    log,
    random: parts.random ?? Math.random,
  });
  if (tracing !== undefined) tracing.dropped = (spans) => routing?.metrics.traceSpansDropped(spans);
  const tracer = tracing?.tracer;
  const close = async (patienceMs?: number): Promise<void> => {
    dashboard?.stop();
    await Promise.all([routing?.close(patienceMs), threads.stop()]);
    await Promise.all([output?.close(), tracing?.close()]);
    routing?.leave();
  };
  try {
    await output?.open();
    if (threads.count > 0) held = await holdPorts(config, "router HTTP port");
    const { port: heldPort = config.port, tlsPort: heldTlsPort = config.tlsPort } = held ?? {};
    const here = { ...config, port: heldPort, tlsPort: heldTlsPort };
    routing = await startRouting(here, { counted: threads.counted, ...parts, logTo, tracer }, identity);
    const { fleet, metrics } = routing;
    const ports = await routing.open(held === undefined ? "alone" : "shared");
    await threads.start(ports, { logTo, tracer });
    await held?.release();
    const { host, port, tlsPort } = ports;
    dashboard =
      config.dashboard === "off"
        ? undefined
        : new Dashboard({
            config,
            identity,
            host: adminHost,
            callers: () => callers,
            fleet,
            clock,
            log,
            demo: parts.demo,
          });
    const admin = await startOperatorPort({
      host: adminHost,
      port: config.adminPort,
      names: [host, ...config.adminAllowedHosts],
      access: { tokens: config.tokens, identity, callers: () => callers },
      ready: async () => (stopping ? { ready: false, reasons: ["stopping"] } : readiness(fleet)),
      metrics: async () => metrics.text((await threads.reports()).map((report) => report.metrics)),
      log,
      pages: operatorPages(routing, threads, clock),
      ...(dashboard === undefined ? {} : { control: dashboard.pages }),
    });
    const keeping = keepCertificates(
      config,
      { log, clock, random: parts.random ?? Math.random, counters: metrics },
      stopped.signal,
    );
    log.info({ host, port, tlsPort, adminPort: admin.port, mode: config.mode }, "router listening");
    const https = tlsPort === undefined ? undefined : { host, port: tlsPort };
    return {
      addresses: { http: { host, port }, https, admin: { host: adminHost, port: admin.port } },
      reload: ({ callers: table = [], accessLog: target }) => {
        output?.reload(target);
        routing?.refreshCertificates();
        threads.refreshCertificates();
        callers = new Callers(table);
        log.info(
          "settings read again: certificates, callers and the file of the access log are those of now; the others need a restart",
        );
      },
      drain: async () => {
        stopping = true;
        routing?.windDown();
        threads.windDown();
        await clock.wait(config.notice, stopped.signal).catch(() => undefined);
      },
      stop: async () => {
        stopping = true;
        stopped.abort();
        await keeping;
        await close();
        await admin.stop();
      },
    };
  } catch (thrown) {
    await held?.release();
    await close(0);
    throw thrown;
  }
}

/** The pages about the edges and about the choice between them, by path. */
function operatorPages(
  routing: Routing,
  threads: RouterThreads,
  clock: Clock,
): Readonly<Record<string, RequestHandler>> {
  const { fleet } = routing;
  return {
    "/findings.json": (_request, response) => {
      const findings = [...routing.certificateFindings, ...fleetFindings(fleet)];
      response.json({ version: manifest.version, wallMs: clock.wall(), findings });
    },
    "/edges.json": async (_request, response) => {
      const reports = await threads.reports();
      const rows = edgeRows(fleet.edges, fleet.ranking);
      response.json(
        rows.map((row) => ({
          ...row,
          underWay: reports.reduce(
            (sum, { underWay }) => sum + (underWay[row.grpcAddress] ?? 0),
            row.underWay,
          ),
        })),
      );
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

function fleetFindings({ edges }: Fleet): readonly Finding[] {
  const gone = edges.filter(({ health }) => !isServing(health));
  if (gone.length === edges.length) {
    const answered = edges.some(({ health }) => health.kind === "alive")
      ? "so edges that are lapsed or draining get the requests"
      : "so no request is answered";
    return [{ severity: "problem", about: "edges", text: `no edge is serving, ${answered}` }];
  }
  return gone.map(({ addresses }) => ({
    severity: "warning",
    about: `edge at ${addresses.grpcAddress}`,
    text: "it is not serving, so it gets requests only when no other edge can take them",
  }));
}

/**
 * Edges lapse together when Redis is away, and then answer from their origins. A balancer that took all routers out of
 * service for that would keep clients from what edges can answer.
 */
function readiness({ edges }: Fleet): Readiness {
  if (edges.some(({ health }) => isServing(health))) return { ready: true, reasons: [] };
  if (edges.some(({ health }) => health.kind === "alive"))
    return {
      ready: true,
      reasons: [],
      warnings: ["no edge is serving: lapsed or draining edges get the requests"],
    };
  return { ready: false, reasons: ["no edge answers"] };
}
