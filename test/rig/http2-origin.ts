import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";

export type Http2Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** An origin of node:http2 on a free port of this machine. */
export class Http2Origin {
  readonly url: URL;
  readonly #server: Http2Server | Http2SecureServer;
  readonly sessions: Http2Session[] = [];
  /** The header lists of the requests so far. */
  readonly seen: IncomingHttpHeaders[] = [];

  private constructor(
    server: Http2Server | Http2SecureServer,
    scheme: "http" | "https",
    answer: Http2Answer,
  ) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.url = new URL(`${scheme}://localhost:${port}`);
    server.on("session", (session: Http2Session) => {
      this.sessions.push(session);
      session.on("error", () => session.destroy());
    });
    server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      this.seen.push(headers);
      stream.on("error", () => stream.destroy());
      answer(stream, headers);
    });
  }

  /** `tls`: certificate and key, and what else is not as usual; undefined: none. */
  static async start(answer: Http2Answer, tls?: SecureServerOptions, settings = {}): Promise<Http2Origin> {
    const server = tls === undefined ? createServer({ settings }) : createSecureServer({ ...tls, settings });
    server.listen(0, "localhost");
    await once(server, "listening");
    return new Http2Origin(server, tls === undefined ? "http" : "https", answer);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const session of this.sessions) session.destroy();
    await closed;
  }
}
