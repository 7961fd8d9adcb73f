import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ManualClock } from "../rig/manual-clock.ts";
import type { Case, Reply } from "./case.ts";
import { fieldValue, type Moment, rawFields, valueText } from "./field-values.ts";

/** One request as the origin received it. */
export interface Seen {
  /** The number of the client's exchange that caused it, from 1. */
  readonly exchange: number;
  readonly method: string;
  readonly raw: readonly string[];
  readonly answered: "304" | "reply" | "disconnect";
  /** What the reply carried, names and values in turn. */
  readonly replied: readonly string[];
}

/** The request field that carries the number of an exchange, and the reply field that gives it back. */
export const EXCHANGE = "Exchange";
export const REPLY_NUMBER = "Reply-Number";

interface Running {
  readonly script: Case;
  readonly path: string;
  readonly start: number;
  readonly seen: Seen[];
}

/** A real HTTP server that answers each exchange of the running cases as their scripts say. */
export class ScriptedOrigin {
  readonly url: URL;
  readonly #server: Server;
  readonly #clock: ManualClock;
  readonly #running = new Map<string, Running>();
  readonly #arrivals = new EventEmitter();

  private constructor(server: Server, clock: ManualClock) {
    const { port } = server.address() as AddressInfo;
    this.url = new URL(`http://127.0.0.1:${port}`);
    this.#server = server;
    this.#clock = clock;
    server.on("request", (request, response) => this.#answer(request, response));
  }

  static async start(clock: ManualClock): Promise<ScriptedOrigin> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedOrigin(server, clock);
  }

  /** From now on requests below `path` are answered by the script. */
  play(script: Case, path: string): void {
    this.#running.set(path, { script, path, start: this.#clock.wall(), seen: [] });
  }

  /** The requests that an exchange has caused so far. */
  seen(path: string, exchange: number): readonly Seen[] {
    return this.#running.get(path)?.seen.filter((each) => each.exchange === exchange) ?? [];
  }

  /** Resolves when the exchange has caused a request, or with `patience`. */
  async asked(path: string, exchange: number, patience: AbortSignal): Promise<void> {
    const late = new Promise((resolve) => patience.addEventListener("abort", resolve));
    while (this.seen(path, exchange).length === 0 && !patience.aborted) {
      await Promise.race([once(this.#arrivals, "request"), late]);
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const running = this.#running.get(/^\/[\w-]+/.exec(request.url ?? "")?.[0] ?? "");
    const exchange = Number(request.headers[EXCHANGE.toLowerCase()]);
    const scripted = running?.script.exchanges[exchange - 1];
    if (running === undefined || scripted === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { reply = {} } = scripted;
    if (reply !== "disconnect" && reply.delay !== undefined) this.#clock.advance(reply.delay * 1000);
    const moment: Moment = { start: running.start, now: this.#clock.wall(), path: running.path };
    const confirms = reply !== "disconnect" && holds(reply, request, moment);
    const answered = reply === "disconnect" ? reply : confirms ? "304" : "reply";
    const replied = reply === "disconnect" ? [] : rawFields(reply.fields ?? [], moment);
    const { method = "", rawHeaders: raw } = request;
    running.seen.push({ exchange, method, raw, answered, replied });
    this.#arrivals.emit("request");
    if (reply === "disconnect") request.socket.destroy();
    else this.#send(response, request, { reply, confirms, replied, running, exchange });
  }

  #send(
    response: ServerResponse,
    request: IncomingMessage,
    { reply, confirms, replied, running, exchange }: Sending,
  ): void {
    for (const { status, fields } of reply.interim ?? []) {
      if (status === 102) response.writeProcessing();
      else response.writeEarlyHints({ ...fields });
    }
    const status = confirms ? 304 : (reply.status ?? 200);
    const empty = status === 204 || status === 304;
    const body = empty ? "" : (reply.body ?? bodyOf(running.script));
    const fields = [...replied, REPLY_NUMBER, String(exchange)];
    const add = (name: string, value: string) => {
      if (fieldValue(fields, name) === undefined) fields.push(name, value);
    };
    add("Date", new Date(this.#clock.wall()).toUTCString());
    if (!empty) {
      add("Content-Type", "text/plain");
      if (fieldValue(fields, "Transfer-Encoding") === undefined) add("Content-Length", String(body.length));
    }
    response.sendDate = false;
    response.writeHead(status, fields);
    // As bytes: node would write the fields of a reply in the encoding of its text.
    response.end(request.method === "HEAD" ? undefined : Buffer.from(body));
    if (reply.closes === true) response.once("finish", () => request.socket.end());
  }
}

interface Sending {
  readonly reply: Reply;
  readonly confirms: boolean;
  readonly replied: readonly string[];
  readonly running: Running;
  readonly exchange: number;
}

/** What the origin sends where the script gives no body. */
export function bodyOf({ id }: Case): string {
  return `the content of ${id.padEnd(40, ".")}`;
}

function holds(reply: Reply, request: IncomingMessage, moment: Moment): boolean {
  if (reply.notModifiedIf === undefined) return false;
  const [name, value] = reply.notModifiedIf;
  return fieldValue(request.rawHeaders, name) === valueText(value, moment);
}
