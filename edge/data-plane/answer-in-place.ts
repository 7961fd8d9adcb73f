import type { RequestHead } from "../../http/message/request-head.ts";
import type { LentAnswer } from "../../http/server/answer-at-once.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { bytesContent } from "../cache/answer.ts";
import { type HitContext, noteHitInPlace } from "../cache/hit.ts";
import type { ResponseInPlace } from "../store/response-in-place.ts";
import type { HitNote, HitNotes } from "./hit-notes.ts";
import type { SlowClients } from "./slow-clients.ts";

const NOTHING = Buffer.alloc(0);
const COPIED = bytesContent([]);

/** The answer that lies in the memory of the store. It is used again for the next one, which comes when it has been copied. */
export class AnswerInPlace implements LentAnswer {
  begin = "";
  behindLines = "";
  memory: Buffer = NOTHING;
  linesAt = 0;
  linesEnd = 0;
  bodyAt = 0;
  bodyEnd = 0;
  readonly #edge: HitContext;
  readonly #clients: SlowClients;
  #response: ResponseInPlace | undefined;
  #left = 0;
  #site = "";
  #notes: HitNotes | undefined;
  #request: RequestHead | undefined;
  #note: HitNote | undefined;

  constructor(edge: HitContext, clients: SlowClients) {
    this.#edge = edge;
    this.#clients = clients;
  }

  /** `begin` and `behindLines`: the texts around the field lines. `left`: whole seconds of freshness. */
  of(response: ResponseInPlace, site: string, begin: string, behindLines: string, left: number): this {
    this.#response = response;
    this.#site = site;
    this.#left = left;
    this.begin = begin;
    this.behindLines = behindLines;
    this.memory = response.memory;
    this.linesAt = response.linesAt;
    this.linesEnd = response.linesEnd;
    this.bodyAt = response.bodyAt;
    this.bodyEnd = response.bodyEnd;
    return this;
  }

  /** It is noted when it has been copied. */
  note(notes: HitNotes, request: RequestHead): void {
    this.#notes = notes;
    this.#request = request;
  }

  /** A line of the edge's own. */
  tell(line: string): void {
    this.begin += line;
  }

  copied(): boolean {
    if (this.#response === undefined || !noteHitInPlace(this.#response, this.#site, this.#edge)) return false;
    if (this.#notes === undefined || this.#request === undefined) return true;
    const { status, bodyAt, bodyEnd } = this.#response;
    this.#note = this.#notes.hit(this.#request, status, bodyEnd - bodyAt, this.#left);
    return true;
  }

  waits(exchange: Exchange): void {
    // The socket has a copy of all of it.
    const sending = { exchange, served: { content: COPIED } };
    const place = this.#clients.add(sending);
    exchange.onEnd = () => place.leave();
    this.#note?.waits(exchange);
  }
}
