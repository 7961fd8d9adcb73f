import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const TYPES: ReadonlyMap<string, string> = new Map([
  ["js", "text/javascript"],
  ["json", "application/json"],
  ["mp4", "video/mp4"],
]);

/** The application of a recipe: it says who answers what, and of its lifetime only where GraphQL is asked. */
export class RecipeApplication {
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(name: string): Promise<RecipeApplication> {
    const server = createServer((request, response) => answer(name, request, response)).listen(
      0,
      "127.0.0.1",
    );
    await once(server, "listening");
    return new RecipeApplication(server);
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

function answer(name: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, url = "/" } = request;
  const [, extension = ""] = /\.(\w+)$/.exec(url) ?? [];
  response.setHeader("Content-Type", TYPES.get(extension) ?? "text/html");
  if (url === "/graphql") response.setHeader("Cache-Control", "max-age=60");
  request.resume().once("end", () => response.end(`${name} ${method} ${url}\n`));
}
