import { hostname } from "node:os";
import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import { isLoopback } from "./address.ts";
import { mayReadPages, type OperatorAccess } from "./control/operator-access.ts";
import { requestCaller } from "./control/request-caller.ts";
import { isFromOtherSite } from "./cross-site.ts";
import { describeError } from "./failure.ts";
import { listen } from "./listen.ts";
import { droppedLogLines, type Log } from "./log.ts";
import { operatorServer } from "./operator-server.ts";
import { isOwnName } from "./own-names.ts";
import { processMetrics } from "./process-metrics.ts";

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
  /** Who may read the pages. On loopback, the users of the machine. */
  readonly access: OperatorAccess;
  readonly log: Log;
  /** The program's own pages, by path. */
  readonly pages?: Readonly<Record<string, RequestHandler>>;
  /** What changes something, and what needs the rights of such calls. */
  readonly control?: ControlPages;
}

/** Calls that ask for the rights of each by themselves. */
export interface ControlPages {
  readonly router: Router;
  /** Whether the Host of a request names something else than this port. */
  readonly namesOther?: (request: Request) => boolean;
  /** Whether the sender of a request has proven at these pages that it may read. */
  readonly mayRead?: (request: Request) => boolean;
  readonly paths: readonly string[];
}

export interface OperatorPort {
  readonly port: number;
  stop(): Promise<void>;
}

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
  app.use((request, response, next) => {
    const { host } = request.headers;
    // HTTP/1.0 may come without; browsers never do.
    if (host === undefined || isOwnName(host, names)) return next();
    if (options.control?.namesOther?.(request) === true) return next();
    // RFC 9110 section 15.5.20.
    const got = JSON.stringify(host.slice(0, MOST_SHOWN));
    response.status(421).type("text/plain").send(`Host: ${NAME_RULE}: got ${got}\n`);
  });
  app.use(({ headers, method }, response, next) => {
    const source = {
      method,
      host: headers.host,
      origin: headers.origin,
      secFetchSite: field(headers["sec-fetch-site"]),
      secFetchMode: field(headers["sec-fetch-mode"]),
      secFetchDest: field(headers["sec-fetch-dest"]),
    };
    if (!isFromOtherSite(source)) return next();
    response
      .status(403)
      .type("text/plain")
      .send("Origin, Sec-Fetch-Site: a page of another site must not ask here\n");
  });
  app.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.get("/readyz", async (_request, response) => {
    const { ready, reasons, warnings = [] } = await askReady(options);
    const document = warnings.length === 0 ? { ready, reasons } : { ready, reasons, warnings };
    response.status(ready ? 200 : 503).json(document);
  });
  if (options.control !== undefined) app.use(options.control.router);
  // What is above asks for rights by itself, or is for orchestrators, which have no certificate. On loopback everybody may read.
  if (!isLoopback(options.host)) app.use(withProof(options));
  app.get("/metrics", async (_request, response) => {
    const exposition = `${await options.metrics()}${await processMetrics()}${logMetric()}`;
    // Prometheus text exposition format 0.0.4.
    response.type("text/plain; version=0.0.4; charset=utf-8").send(exposition);
  });
  const { pages = {}, control } = options;
  for (const [path, page] of Object.entries(pages)) app.get(path, page);
  const paths = ["/healthz", "/readyz", "/metrics", ...Object.keys(pages), ...(control?.paths ?? [])];
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

  const identity = isLoopback(options.host) ? undefined : options.access.identity;
  const server = operatorServer(app, identity);
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

/** Lets those through that prove that they may read. */
function withProof({ access, control }: Pick<OperatorPortOptions, "access" | "control">): RequestHandler {
  return (request, response, next) => {
    if (control?.mayRead?.(request) === true) return next();
    const { authorization } = request.headers;
    const verdict = mayReadPages({ authorization, names: requestCaller(request).names }, access);
    switch (verdict.kind) {
      case "may":
        return next();
      case "unauthenticated":
        // RFC 9110 section 11.6.1.
        response.set("WWW-Authenticate", "Bearer");
        response.status(401).type("text/plain").send(`${verdict.why}\n`);
        return;
      case "forbidden":
        response.status(403).type("text/plain").send(`${verdict.why}\n`);
    }
  };
}

/** A field that came twice has no meaning. */
function field(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.join();
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
