import type { Clock } from "../../process/clock.ts";
import { CHUNK_END, chunkStart, lastChunk } from "../message/chunked.ts";
import type { HttpVersion } from "../message/message-framing.ts";
import { upgradeLines } from "../message/upgrade.ts";
import { KEEP_ALIVE_MS } from "./connection-state.ts";
import type { Abandoned, Answerer, Exchange } from "./exchange.ts";
import type { RequestBody } from "./request-body.ts";
import type { Party } from "./timeouts.ts";

/** Why an exchange ends before its answer is whole. */
export type StreamsEnd = Abandoned | "body-malformed";

/** How the content of the answer is delimited (RFC 9112 section 6.3). */
type Coding =
  | { readonly kind: "none" }
  /** So many bytes are still to be sent. */
  | { readonly kind: "length"; left: number }
  | { readonly kind: "chunked" }
  /** The end of the connection ends it (HTTP/1.0), or that of the stream (HTTP/2). */
  | { readonly kind: "until-end" };

const NONE: Coding = { kind: "none" };

// Progress shows when a whole write is taken. Where the system shows it earlier, reader-progress.ts sees it.
const LARGEST_WRITE = 256 * 1024;

/**
 * The two bodies of an exchange as streams: the request's, which pulls, and the answer's, which waits for the client.
 * Each side is read no faster than the other takes it.
 */
export class ExchangeStreams implements Answerer {
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  /** Called once, when the exchange has to end before its answer is whole. */
  readonly #abandoned: (why: StreamsEnd) => void;
  #end: StreamsEnd | undefined;
  #coding: Coding = NONE;
  #readsBody = false;
  #bodyCame: PromiseWithResolvers<void> | undefined;
  #taken: PromiseWithResolvers<void> | undefined;

  constructor(exchange: Exchange, clock: Clock, abandoned: (why: StreamsEnd) => void) {
    this.#exchange = exchange;
    this.#clock = clock;
    this.#abandoned = abandoned;
    exchange.answerer = this;
  }

  /** The request's body, to be read once; undefined when it has none. The client is invited to send it by reading. */
  get body(): AsyncIterable<Uint8Array> | undefined {
    const { body } = this.#exchange;
    return body === undefined ? undefined : { [Symbol.asyncIterator]: () => this.#readBody(body) };
  }

  /** Why the exchange had to end; undefined while it goes on. */
  get end(): StreamsEnd | undefined {
    return this.#end;
  }

  /**
   * Begins the answer. `head`: the status line and the field lines that do not belong to the connection.
   * `length`: of the content; undefined when it is not known; "none" when there is no content.
   */
  begin(head: string, length: number | "none" | undefined): void {
    const exchange = this.#exchange;
    const { body, request } = exchange;
    if (body !== undefined && !this.#readsBody) exchange.skipBody(body);
    this.#coding = codingFor(length, request.fields.version);
    const coding = this.#coding.kind === "chunked" ? "Transfer-Encoding: chunked\r\n" : "";
    exchange.begin(`${head}${coding}${exchange.decideClosing() ? CLOSE : KEEP_ALIVE}\r\n`);
  }

  /**
   * Agrees to the protocol that the client wants (RFC 9110 section 7.8). The body is what it says from now on, and what is
   * sent is what it gets. `head`: as for `begin`, with the status of the client's version.
   */
  beginTunnel(head: string, protocol: string): void {
    const exchange = this.#exchange;
    this.#coding = { kind: "until-end" };
    // RFC 8441 section 5: HTTP/2 has neither field.
    exchange.beginTunnel(
      `${head}${exchange.request.fields.version === "2" ? "" : upgradeLines(protocol)}\r\n`,
    );
    this.#watch();
  }

  /** Sends a part of the content, which never changes. Resolves when the client is ready for the next part. */
  async send(part: Uint8Array): Promise<void> {
    for (let from = 0; from < part.byteLength; from += LARGEST_WRITE) {
      this.#write(part.subarray(from, from + LARGEST_WRITE));
      this.#passed();
      if (!this.#exchange.taken) await this.#clientTakes();
    }
  }

  /** Sends the last part of the content, and ends the answer. `trailers`: lines, for a client that takes them. */
  finish(part?: Uint8Array, trailers = ""): void {
    if (part !== undefined && part.byteLength > 0) this.#write(part);
    if (this.#coding.kind === "length" && this.#coding.left > 0) throw new Error("the content ended short");
    if (this.#coding.kind === "chunked") this.#exchange.send("", undefined, lastChunk(trailers));
    else if (this.#coding.kind === "until-end") this.#exchange.trailers(trailers);
    this.#exchange.finish();
    // The rest of a body that was not needed.
    this.#bodyCame?.resolve();
  }

  /** Sends the last part of the content, and ends the answer, as far as the client takes it. */
  async finishWith(part: Uint8Array | undefined, trailers = ""): Promise<void> {
    if (part !== undefined && part.byteLength > LARGEST_WRITE) {
      await this.send(part);
      this.finish(undefined, trailers);
    } else this.finish(part, trailers);
  }

  /** The answer breaks off. */
  cut(): void {
    this.#exchange.cut();
  }

  moreBody(): void {
    this.#bodyCame?.resolve();
  }

  clientDrained(): void {
    this.#taken?.resolve();
  }

  abandon(why: StreamsEnd): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    this.#bodyCame?.resolve();
    this.#taken?.resolve();
    this.#abandoned(why);
  }

  #write(part: Uint8Array): void {
    this.#throwIfOver();
    const coding = this.#coding;
    switch (coding.kind) {
      case "none":
        break;
      case "length":
        // One byte more would be read as the beginning of the next answer.
        if (part.byteLength > coding.left) throw new Error("the content is longer than its length");
        coding.left -= part.byteLength;
        this.#exchange.sendLasting("", part, "");
        break;
      case "chunked":
        this.#exchange.sendLasting(chunkStart(part.byteLength), part, CHUNK_END);
        break;
      case "until-end":
        this.#exchange.sendLasting("", part, "");
    }
  }

  async #clientTakes(): Promise<void> {
    this.#throwIfOver();
    this.#taken = Promise.withResolvers();
    this.#watch();
    await this.#taken.promise;
    this.#taken = undefined;
    this.#watch();
    this.#throwIfOver();
  }

  async *#readBody(body: RequestBody): AsyncGenerator<Uint8Array> {
    this.#readsBody = true;
    for (;;) {
      this.#throwIfOver();
      const read = this.#exchange.readBody(body);
      switch (read.kind) {
        case "content":
          for (const piece of read.pieces) {
            this.#exchange.timeouts.tookBody(piece.length);
            this.#passed();
            yield piece;
          }
          break;
        case "waiting":
          this.#bodyCame = Promise.withResolvers();
          this.#watch();
          await this.#bodyCame.promise;
          this.#bodyCame = undefined;
          this.#watch();
          break;
        case "whole":
          return;
        case "malformed":
          this.abandon("body-malformed");
          throw new Error(`the request's body is malformed: ${read.why}`);
      }
    }
  }

  #throwIfOver(): void {
    if (this.#end !== undefined) throw new Error(`the exchange is over: ${this.#end}`);
    if (this.#exchange.end !== undefined) throw new Error("the answer is over");
  }

  #passed(): void {
    if (this.#exchange.switched) this.#exchange.timeouts.passed(this.#clock.monotonic());
  }

  /** Tells the exchange which party is waited for. */
  #watch(): void {
    this.#exchange.timeouts.waitFor(this.#party, this.#clock.monotonic());
  }

  get #party(): Party {
    if (this.#taken !== undefined) return "reader";
    if (this.#exchange.switched) return "tunnel";
    return this.#bodyCame === undefined ? "nobody" : "sender";
  }
}

const CLOSE = "Connection: close\r\n";
/** Clients that know how long a connection is kept use it no longer. */
export const KEEP_ALIVE = `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1000}\r\n`;

function codingFor(length: number | "none" | undefined, version: HttpVersion): Coding {
  if (length === "none") return NONE;
  if (length !== undefined) return { kind: "length", left: length };
  // RFC 9112 section 6.1, RFC 9113 section 8.2.2: only HTTP/1.1 has transfer codings.
  return version === "1.1" ? { kind: "chunked" } : { kind: "until-end" };
}
