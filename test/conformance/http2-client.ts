import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import type { Asking, Interim } from "./case.ts";
import { type Answer, type Client, fieldsOf, HANGS_MS, recordOf } from "./client.ts";
import type { Moment } from "./field-values.ts";

// RFC 9113 section 8.2.2: no field of HTTP/2. A case that sends one says something about HTTP/1.1 alone.
const OF_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

type Headers = IncomingHttpHeaders & { readonly ":status": number };

/** A client of HTTP/2 that sends field lines just as they are told, in lower case. */
export class Http2Client implements Client {
  readonly #base: URL;
  readonly #session: ClientHttp2Session;

  constructor(base: string) {
    this.#base = new URL(base);
    this.#session = connect(this.#base, { rejectUnauthorized: false });
  }

  async ask(asking: Asking, exchange: number, moment: Moment): Promise<Answer> {
    const { method = "GET", body, target = "" } = asking;
    const raw = [":method", method, ":scheme", "https", ":authority", this.#base.host];
    raw.push(":path", moment.path + target);
    const fields = fieldsOf(asking, exchange, moment);
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = (fields[i] ?? "").toLowerCase();
      // RFC 9113 section 8.2.1: space around a value belongs to the line of HTTP/1.1.
      if (!OF_CONNECTION.has(name)) raw.push(name, (fields[i + 1] ?? "").trim());
    }
    const signal = AbortSignal.timeout(HANGS_MS);
    const stream = this.#session.request(raw, { signal, endStream: body === undefined });
    const interim: Interim[] = [];
    stream.on("headers", (...came) => {
      const [, , rawHeaders] = came as unknown as readonly [Headers, number, readonly string[]];
      const status = rawHeaders[1] === "103" ? 103 : 102;
      interim.push({ status, fields: recordOf(withoutStatus(rawHeaders)) });
    });
    if (body !== undefined) stream.end(body);
    const [headers, , rawHeaders] = (await once(stream, "response")) as [Headers, number, readonly string[]];
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return {
      status: headers[":status"],
      raw: withoutStatus(rawHeaders),
      body: Buffer.concat(chunks).toString("latin1"),
      interim,
    };
  }

  stop(): void {
    this.#session.destroy();
  }
}

function withoutStatus(raw: readonly string[]): readonly string[] {
  return raw.filter((_, i) => !raw[i - (i % 2)]?.startsWith(":"));
}
