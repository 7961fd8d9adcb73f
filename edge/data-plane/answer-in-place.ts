import type { LentAnswer } from "../../http/server/answer-at-once.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { bytesContent } from "../cache/answer.ts";
import { type HitContext, noteHitInPlace } from "../cache/hit.ts";
import type { ResponseInPlace } from "../store/response-in-place.ts";
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

  constructor(edge: HitContext, clients: SlowClients) {
    this.#edge = edge;
    this.#clients = clients;
  }

  /** `begin` and `behindLines`: the texts around the field lines. */
  of(response: ResponseInPlace, begin: string, behindLines: string): this {
    this.#response = response;
    this.begin = begin;
    this.behindLines = behindLines;
    this.memory = response.memory;
    this.linesAt = response.linesAt;
    this.linesEnd = response.linesEnd;
    this.bodyAt = response.bodyAt;
    this.bodyEnd = response.bodyEnd;
    return this;
  }

  copied(): boolean {
    return this.#response !== undefined && noteHitInPlace(this.#response, this.#edge);
  }

  waits(exchange: Exchange): void {
    // The socket has a copy of all of it.
    const sending = { exchange, served: { content: COPIED } };
    const place = this.#clients.add(sending);
    exchange.onEnd = () => place.leave();
  }
}
