import { createServer, type Server } from "node:http";
import { hostname } from "node:os";
import express, { type NextFunction, type Request, type RequestHandler, type Response } from "express";
import { describeError } from "./failure.ts";
import { listen } from "./listen.ts";
import { droppedLogLines, type Log } from "./log.ts";
import { isOwnName } from "./own-names.ts";

/** Whether a program may take traffic; `reasons` says why not, one sentence each. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** Problems that do not keep the program from taking traffic. */
  readonly warnings?: readonly string[];
}

export interface OperatorPortOptions {
  readonly host: string;
  readonly port: number;
  readonly ready: () => Promise<Readiness>;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** Names in Host beside addresses, loopback names, `host` and the name of this machine. */
  readonly names: readonly string[];
  readonly log: Log;
  /** The program's own pages, by path. */
  readonly pages?: Readonly<Record<string, RequestHandler>>;
}

export interface OperatorPort {
  readonly port: number;
  stop(): Promise<void>;
}

// Prometheus, health checks and some people at their browsers; file descriptors stay for clients.
export const MOST_OPERATOR_CONNECTIONS = 100;

// So that one machine that only connects does not keep the others' health checks out.
export const MOST_FROM_ONE_ADDRESS = 50;

const SERVER_OPTIONS = {
  // Operators ask with a line and a few fields; all that they wait for is here.
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 8 * 1024,
  // Node looks every 30 s for connections that are over their time, unless told otherwise.
  connectionsCheckingInterval: 1_000,
};

// A caller that takes nothing of its answer for so long has gone.
const IDLE_MS = 30_000;

// Longer than any name in use.
const MOST_SHOWN = 100;

const NAME_RULE = "must be an address, localhost, or a name of this program (see --admin-allowed-hosts)";

/** The HTTP port for operators, apart from the data port: /healthz, /readyz, /metrics. Throws a Failure. */
export async function startOperatorPort(options: OperatorPortOptions): Promise<OperatorPort> {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((_request, response, next) => {
    // An operator must read the state of this moment.
    response.set("Cache-Control", "no-store");
    next();
  });
  const names = new Set([options.host, hostname(), ...options.names].map((name) => name.toLowerCase()));
  app.use(({ headers: { host } }, response, next) => {
    // HTTP/1.0 may come without; browsers never do.
    if (host === undefined || isOwnName(host, names)) return next();
    // RFC 9110 section 15.5.20.
    const got = JSON.stringify(host.slice(0, MOST_SHOWN));
    response.status(421).type("text/plain").send(`Host: ${NAME_RULE}: got ${got}\n`);
  });
  app.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.get("/readyz", async (_request, response) => {
    const { ready, reasons, warnings = [] } = await askReady(options);
    const document = warnings.length === 0 ? { ready, reasons } : { ready, reasons, warnings };
    response.status(ready ? 200 : 503).json(document);
  });
  app.get("/metrics", async (_request, response) => {
    const exposition = `${await options.metrics()}${logMetric()}`;
    // Prometheus text exposition format 0.0.4.
    response.type("text/plain; version=0.0.4; charset=utf-8").send(exposition);
  });
  const { pages = {} } = options;
  for (const [path, page] of Object.entries(pages)) app.get(path, page);
  const paths = ["/healthz", "/readyz", "/metrics", ...Object.keys(pages)];
  app.use((_request, response) => {
    response
      .status(404)
      .type("text/plain")
      .send(`not found; there are: ${paths.join(", ")}\n`);
  });
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const status = statusOf(error);
    if (status === 500) options.log.error({ cause: describeError(error) }, "operator page failed");
    if (response.headersSent) next(error);
    else
      response
        .status(status)
        .type("text/plain")
        .send(status === 500 ? "this page failed; the log says why\n" : `${describeError(error)}\n`);
  });

  const server = createServer(SERVER_OPTIONS, app);
  server.maxConnections = MOST_OPERATOR_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  limitPerAddress(server);
  const port = await listen(server, options.host, options.port, "operator port");
  // Such as too many open files. Without a listener such an error would end the program.
  server.on("error", (cause) =>
    options.log.error({ cause: describeError(cause) }, "operator port cannot accept a connection"),
  );
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function limitPerAddress(server: Server): void {
  const held = new Map<string, number>();
  server.on("connection", (socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (held.get(address) ?? 0) + 1;
    held.set(address, count);
    socket.once("close", () => {
      const left = (held.get(address) ?? 1) - 1;
      if (left === 0) held.delete(address);
      else held.set(address, left);
    });
    if (count > MOST_FROM_ONE_ADDRESS) socket.destroy();
  });
}

function logMetric(): string {
  const name = "edgecache_log_lines_dropped_total";
  return `# HELP ${name} Log lines that standard error could not take.\n# TYPE ${name} counter\n${name} ${droppedLogLines()}\n`;
}

/** A readiness check that fails is a reason not to be ready, not an error of this port. */
async function askReady({ ready, log }: Pick<OperatorPortOptions, "ready" | "log">): Promise<Readiness> {
  try {
    return await ready();
  } catch (thrown) {
    log.error({ cause: describeError(thrown) }, "readiness check failed");
    return { ready: false, reasons: ["readiness check failed; see the log"] };
  }
}

/** Express marks a request that it refuses, for instance for a broken %zz, with a 4xx `status`. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return status >= 400 && status < 500 ? status : 500;
}
