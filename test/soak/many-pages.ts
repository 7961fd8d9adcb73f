import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { Pages } from "../rig/steady-load.ts";

// Half as much again as the edges of a soak may store: they evict from the first minutes to the end.
const PAGES = 8_192;
const PAGE_BYTES = 12_288;

const paths = Array.from({ length: PAGES }, (_, number) => `/many/${number}`);

/** Each is full of its own name: one page for another, or half of each, is seen. */
export const MANY_PAGES: Pages = new Map(paths.map((path) => [path, Buffer.alloc(PAGE_BYTES, `${path} `)]));

/** The first pages are asked for most. */
export function somePath(random: SeededRandom): string {
  return paths[Math.floor(random.next() ** 2 * PAGES)] ?? "/many/0";
}

/** A real HTTP origin with more pages than an edge may store, and days when it fails. */
export class ManyPages {
  readonly url: URL;
  /** Every request gets 503 while it is set. */
  failing = false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      response.on("error", () => response.destroy());
      this.#answer(request.url ?? "/", response);
    });
  }

  static async start(): Promise<ManyPages> {
    const server = createServer({ keepAliveTimeout: 60_000 }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ManyPages(server);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(path: string, response: ServerResponse): void {
    const content = MANY_PAGES.get(path);
    if (this.failing) response.writeHead(503).end();
    else if (content === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { "cache-control": "max-age=600", "content-length": content.length })
        .end(content);
  }
}
