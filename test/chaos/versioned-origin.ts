import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { PAGES, type Page } from "./pages.ts";

/** Answers of the origin: which version, and when the origin read it. */
export const VERSION_FIELD = "origin-version";
export const READ_FIELD = "origin-read";

/** The version stands in the first bytes, so that a range of them shows it too. */
export const VERSION_DIGITS = 12;

// So many answers are held after the page was read: purges must meet fills in flight.
const HELD_BEFORE_FIELDS = 0.1;
const HELD_IN_BODY = 0.1;
const LONGEST_HOLD_MS = 400;

/** A real HTTP origin whose pages are edited, and that is often slow between reading a page and sending it. */
export class VersionedOrigin {
  readonly url: URL;
  /** Requests answered. */
  requests = 0;
  readonly #server: Server;
  readonly #random: SeededRandom;
  readonly #versions = new Map<string, number>(PAGES.map(({ url }) => [url, 1]));

  private constructor(server: Server, random: SeededRandom) {
    this.#server = server;
    this.#random = random;
    this.url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      // An edge that was killed leaves answers without a reader.
      response.on("error", () => response.destroy());
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(random: SeededRandom): Promise<VersionedOrigin> {
    const server = createServer({ keepAliveTimeout: 60_000 }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new VersionedOrigin(server, random);
  }

  /** From now on every read of the page gives a new version. */
  edit({ url }: Page): void {
    this.#versions.set(url, (this.#versions.get(url) ?? 0) + 1);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const page = PAGES.find(({ url }) => url === request.url);
    if (page === undefined) {
      response.writeHead(404).end();
      return;
    }
    // The read: version and time are taken together, and all waiting comes after.
    const version = this.#versions.get(page.url) ?? 0;
    const readAt = performance.now();
    this.requests += 1;
    const etag = `"${version}"`;
    const fields = {
      etag,
      "cache-control": page.cacheControl,
      "surrogate-key": page.tags.join(" "),
      [VERSION_FIELD]: String(version),
      [READ_FIELD]: String(readAt),
    };
    if (this.#random.chance(HELD_BEFORE_FIELDS)) await this.#hold();
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304, fields).end();
      return;
    }
    const content = String(version).padStart(VERSION_DIGITS, "0").padEnd(page.length, ".");
    response.writeHead(200, { ...fields, "content-length": content.length });
    if (this.#random.chance(HELD_IN_BODY)) {
      response.write(content.slice(0, page.length / 2));
      await this.#hold();
      response.end(content.slice(page.length / 2));
    } else response.end(content);
  }

  async #hold(): Promise<void> {
    await delay(this.#random.between(0, LONGEST_HOLD_MS));
  }
}
