import { createServer } from "node:http";
import express, { type NextFunction, type Request, type RequestHandler, type Response } from "express";
import { describeError } from "./failure.ts";
import { listen } from "./listen.ts";
import { droppedLogLines } from "./log.ts";

/** Whether a program may take traffic; `reasons` says why not, one sentence each. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface OperatorPortOptions {
  readonly host: string;
  readonly port: number;
  readonly ready: () => Promise<Readiness>;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** Told when the port cannot take a connection, for want of file descriptors for instance. */
  readonly trouble: (cause: Error) => void;
  /** The program's own pages, by path. */
  readonly pages?: Readonly<Record<string, RequestHandler>>;
}

export interface OperatorPort {
  readonly port: number;
  stop(): Promise<void>;
}

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
  app.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.get("/readyz", async (_request, response) => {
    const { ready, reasons } = await askReady(options.ready);
    response.status(ready ? 200 : 503).json({ ready, reasons });
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
    if (response.headersSent) next(error);
    else
      response
        .status(statusOf(error))
        .type("text/plain")
        .send(`${describeError(error)}\n`);
  });

  const server = createServer(app);
  const port = await listen(server, options.host, options.port, "operator port");
  // Without a listener such an error would end the program.
  server.on("error", options.trouble);
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function logMetric(): string {
  const name = "edgecache_log_lines_dropped_total";
  return `# HELP ${name} Log lines that standard error could not take.\n# TYPE ${name} counter\n${name} ${droppedLogLines()}\n`;
}

/** A readiness check that fails is a reason not to be ready, not an error of this port. */
async function askReady(ready: () => Promise<Readiness>): Promise<Readiness> {
  try {
    return await ready();
  } catch (thrown) {
    return { ready: false, reasons: [describeError(thrown)] };
  }
}

/** Express marks a request that it refuses, for instance for a broken %zz, with a 4xx `status`. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return status >= 400 && status < 500 ? status : 500;
}
