import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import type { Asking, Interim } from "./case.ts";
import { fieldValue, type Moment, rawFields } from "./field-values.ts";
import { EXCHANGE } from "./scripted-origin.ts";

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn. */
  readonly raw: readonly string[];
  readonly body: string;
  readonly interim: readonly Interim[];
}

/** A client of the cases, by some protocol. */
export interface Client {
  /** Rejects when no whole answer comes. */
  ask(asking: Asking, exchange: number, moment: Moment): Promise<Answer>;
  stop(): void;
}

/** A loopback exchange takes milliseconds; what takes this long hangs. */
export const HANGS_MS = 2_000;

/** As an unremarkable client sends them; the first two hold no directive that means anything. */
const USUAL_FIELDS: readonly (readonly [string, string])[] = [
  ["Pragma", "foo"],
  ["Cache-Control", "nothing-to-see-here"],
  ["Accept", "*/*"],
  ["Accept-Language", "*"],
  ["Accept-Encoding", "gzip, deflate"],
  ["User-Agent", "node"],
];

/** The field lines of a request, but Host. */
export function fieldsOf({ fields = [], body }: Asking, exchange: number, moment: Moment): readonly string[] {
  const raw = rawFields(fields, moment);
  const sent = [EXCHANGE, String(exchange), ...raw];
  for (const [name, value] of USUAL_FIELDS) {
    const joins = name === "Pragma" || name === "Cache-Control";
    if (joins || fieldValue(raw, name) === undefined) sent.push(name, value);
  }
  if (body !== undefined) sent.push("Content-Length", String(body.length));
  return sent;
}

/** A client of HTTP/1.1 that sends field lines just as they are told, over connections that it keeps. */
export class Http1Client implements Client {
  readonly #base: URL;
  readonly #secure: boolean;
  readonly #agent: Agent;

  constructor(base: string) {
    this.#base = new URL(base);
    this.#secure = this.#base.protocol === "https:";
    this.#agent = this.#secure
      ? new SecureAgent({ keepAlive: true, rejectUnauthorized: false })
      : new Agent({ keepAlive: true });
  }

  async ask(asking: Asking, exchange: number, moment: Moment): Promise<Answer> {
    const { method = "GET", body, target = "" } = asking;
    const interim: Interim[] = [];
    const outgoing = (this.#secure ? secureRequest : request)({
      host: this.#base.hostname,
      port: this.#base.port,
      path: moment.path + target,
      method,
      headers: ["Host", this.#base.host, ...fieldsOf(asking, exchange, moment)],
      agent: this.#agent,
      signal: AbortSignal.timeout(HANGS_MS),
    });
    outgoing.on("information", ({ statusCode, rawHeaders }) => {
      interim.push({ status: statusCode === 103 ? 103 : 102, fields: recordOf(rawHeaders) });
    });
    outgoing.end(body);
    const [message] = (await once(outgoing, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    return {
      status: message.statusCode ?? 0,
      raw: message.rawHeaders,
      body: Buffer.concat(chunks).toString("latin1"),
      interim,
    };
  }

  stop(): void {
    this.#agent.destroy();
  }
}

export function recordOf(raw: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) record[(raw[i] ?? "").toLowerCase()] = raw[i + 1] ?? "";
  return record;
}
