import { AsyncLocalStorage } from "node:async_hooks";
import type { Origin, OriginRequest, OriginResponse } from "../../edge/origin/origin.ts";
import { Fields } from "../../http/message/fields.ts";
import { Failure } from "../../process/failure.ts";
import type { ManualClock } from "../rig/manual-clock.ts";
import type { Book } from "./book.ts";
import { contentsOf, type Edition, type Sent, sentBy } from "./edition.ts";
import type { Publication } from "./history.ts";
import { received } from "./message.ts";
import type { Exchange, Question, Reply } from "./record.ts";

/** An origin inside this process. It does what the history says, and writes every exchange into the book. */
export class ScriptedOrigin implements Origin {
  /** Says which client's request makes the edge ask. */
  readonly causes = new AsyncLocalStorage<Question>();
  state: "up" | "unreachable" | "breaking" = "up";
  readonly #book: Book;
  readonly #clock: ManualClock;
  readonly #editions = new Map<string, Edition>();
  #versions = 0;
  #held: { readonly at: "fields" | "content"; readonly gate: PromiseWithResolvers<void> } | undefined;

  constructor(book: Book, clock: ManualClock) {
    this.#book = book;
    this.#clock = clock;
  }

  publish(publication: Publication): void {
    const before = this.#editions.get(publication.target);
    const unchanged = publication.unchanged && before !== undefined;
    if (!unchanged) this.#versions += 1;
    this.#editions.set(publication.target, {
      publication: unchanged
        ? {
            ...publication,
            status: before.publication.status,
            padding: before.publication.padding,
            tag: before.publication.tag,
            vary: before.publication.vary,
          }
        : publication,
      version: unchanged ? before.version : this.#versions,
      modifiedAt: unchanged
        ? before.modifiedAt
        : Math.floor(this.#clock.wall() / 1000) * 1000 - (publication.modified ?? 0) * 1000,
    });
  }

  hold(at: "fields" | "content"): void {
    this.release();
    this.#held = { at, gate: Promise.withResolvers() };
  }

  release(): void {
    this.#held?.gate.resolve();
    this.#held = undefined;
  }

  async fetch(request: OriginRequest, signal: AbortSignal): Promise<OriginResponse> {
    const { method, target } = request;
    const cause = this.causes.getStore();
    const exchange: Exchange = {
      id: this.#book.exchanges.length + 1,
      cause,
      method,
      target,
      request: [...request.fields],
      begunTick: this.#book.tick(),
      requestTime: this.#clock.wall(),
      outcome: { kind: "waiting" },
    };
    this.#book.exchanges.push(exchange);
    const { state } = this;
    const held = this.#held;
    // What it says is what it knows now, however long it takes to say it.
    const sent = sentBy(this.#edition(target), exchange);
    try {
      if (held?.at === "fields") await unlessAborted(held.gate.promise, signal);
      signal.throwIfAborted();
      if (state === "unreachable") throw new Failure("connection_refused", "origin", "the origin is down");
    } catch (thrown) {
      exchange.outcome = { kind: "failed", tick: this.#book.tick() };
      throw thrown;
    }
    const reply = this.#reply(exchange, sent);
    const gate = held?.at === "content" ? held.gate.promise : undefined;
    const body = this.#content(exchange, reply, gate, state === "breaking", signal);
    return { status: reply.status, fields: Fields.of(sent.fields), body };
  }

  async probe(): Promise<void> {
    if (this.state === "unreachable") throw new Failure("connection_refused", "origin", "the origin is down");
  }

  async close(): Promise<void> {
    this.release();
  }

  #edition(target: string): Edition {
    const edition = this.#editions.get(target);
    if (edition === undefined) throw new Error(`nothing was published at ${target}`);
    return edition;
  }

  #reply(exchange: Exchange, sent: Sent): Reply {
    const tick = this.#book.tick();
    const now = this.#clock.wall();
    const reply: Reply = {
      kind: "replied",
      tick,
      responseTime: now,
      ...sent,
      fields: received(sent.fields, now),
      // What has no content is whole once its fields are there.
      ending: sent.content === "" ? { kind: "whole", tick } : { kind: "coming" },
    };
    exchange.outcome = reply;
    this.#book.replied({ ...exchange, outcome: reply });
    return reply;
  }

  async *#content(
    exchange: Exchange,
    reply: Reply,
    gate: Promise<void> | undefined,
    breaks: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    if (reply.content === "") return;
    const [head, rest] = contentsOf(reply.content);
    let whole = false;
    try {
      yield head;
      if (gate !== undefined) await unlessAborted(gate, signal);
      signal.throwIfAborted();
      if (breaks)
        throw new Failure("http_response_incomplete", "origin", `exchange ${exchange.id} broke off`);
      yield rest;
      whole = true;
    } finally {
      if (reply.ending.kind === "coming")
        reply.ending = { kind: whole ? "whole" : "broken", tick: this.#book.tick() };
    }
  }
}

async function unlessAborted(gate: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    await Promise.race([gate, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
