import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Gate } from "./gate.ts";

/** One request as the origin received it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  header(name: string): string | undefined;
  /** Reads it; to be called before the answer is given. */
  body(): Promise<string>;
}

export interface Reply {
  /** 200 unless given. */
  readonly status?: number;
  /** Date is added; Content-Length too when the body is whole, and Transfer-Encoding when it is not. */
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

export type Answer = Reply | ((request: SeenRequest, count: number) => Reply | Promise<Reply>);

/** A step at which a reply can be held: before its fields, or after half of its body. */
export type HoldPoint = "fields" | "body";

/**
 * A real HTTP origin on a free port of this machine. It answers by path, without the query; counts and remembers
 * the requests; and holds replies at gates, so that a test decides what happens first. Unknown paths get 404.
 */
export class HttpOrigin {
  readonly url: URL;
  readonly #server: Server;
  readonly #answers = new Map<string, Answer>();
  readonly #gates = new Map<string, Gate>();
  readonly #seen: SeenRequest[] = [];
  readonly #arrival = new EventTarget();
  /** Replies whose client left before they were whole. */
  broken = 0;

  private constructor(server: Server) {
    this.#server = server;
    const { address, family, port } = server.address() as AddressInfo;
    this.url = new URL(`http://${family === "IPv6" ? `[${address}]` : address}:${port}`);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch(() => {
        this.broken += 1;
      });
    });
  }

  static async start(
    answers: Readonly<Record<string, Answer>> = {},
    host = "127.0.0.1",
  ): Promise<HttpOrigin> {
    const server = createServer();
    server.listen(0, host);
    await once(server, "listening");
    const origin = new HttpOrigin(server);
    for (const [path, answer] of Object.entries(answers)) origin.answer(path, answer);
    return origin;
  }

  /** From now on. */
  answer(path: string, answer: Answer): void {
    this.#answers.set(path, answer);
  }

  /** Holds the replies to `path` from now on; those that wait go on when the gate opens, later ones pass it. */
  hold(path: string, point: HoldPoint): Gate {
    const gate = new Gate();
    this.#gates.set(`${point} ${path}`, gate);
    return gate;
  }

  /** Requests so far: for `path`, or all. */
  requests(path?: string): readonly SeenRequest[] {
    return path === undefined ? this.#seen : this.#seen.filter(({ target }) => pathOf(target) === path);
  }

  count(path?: string): number {
    return this.requests(path).length;
  }

  /** Resolves when `count` requests for `path` have arrived. */
  async received(path: string, count = 1): Promise<void> {
    while (this.count(path) < count) await once(this.#arrival, "request");
  }

  /** Connections that are open now. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = seenRequest(request);
    const path = pathOf(seen.target);
    this.#seen.push(seen);
    const count = this.count(path);
    this.#arrival.dispatchEvent(new Event("request"));
    const answer = this.#answers.get(path) ?? { status: 404, body: "no such path\n" };
    const reply = typeof answer === "function" ? await answer(seen, count) : answer;
    await this.#gates.get(`fields ${path}`)?.passed;
    await this.#send(response, reply, this.#gates.get(`body ${path}`));
  }

  async #send(response: ServerResponse, reply: Reply, bodyGate: Gate | undefined): Promise<void> {
    const { status = 200, fields = [], body = "" } = reply;
    const whole =
      typeof body === "string" ? Buffer.from(body) : body instanceof Uint8Array ? body : undefined;
    const headers = fields.flat();
    const named = (name: string) => fields.some(([field]) => field.toLowerCase() === name);
    if (!named("date")) headers.push("Date", new Date().toUTCString());
    if (whole !== undefined && status !== 304 && !named("content-length")) {
      headers.push("Content-Length", String(whole.byteLength));
    }
    response.writeHead(status, headers);
    if (whole === undefined) return pipeline(body as AsyncIterable<Uint8Array>, response);
    if (bodyGate !== undefined) {
      response.write(whole.subarray(0, whole.byteLength >> 1));
      await bodyGate.passed;
      response.end(whole.subarray(whole.byteLength >> 1));
    } else response.end(whole);
  }
}

function seenRequest(request: IncomingMessage): SeenRequest {
  return {
    method: request.method ?? "",
    target: request.url ?? "",
    rawHeaders: request.rawHeaders,
    header: (name) => {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    body: async () => Buffer.concat(await request.toArray()).toString(),
  };
}

function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
