import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express, RequestHandler } from "express";

/** An Express application on a free port, and what it was asked for. */
export interface Application {
  readonly url: URL;
  /** `GET /a 200`, in order of the answers. */
  readonly answered: readonly string[];
  stop(): Promise<void>;
}

/** Notes what an application answers. It must be its first handler. */
export function noting(answered: string[]): RequestHandler {
  return (request, response, next) => {
    response.on("finish", () =>
      answered.push(`${request.method} ${request.originalUrl} ${response.statusCode}`),
    );
    next();
  };
}

export async function startApplication(app: Express, answered: readonly string[] = []): Promise<Application> {
  const server: Server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    answered,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
