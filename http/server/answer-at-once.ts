import type { Socket } from "node:net";
import type { RequestHead } from "../message/request-head.ts";
import type { Exchange } from "./exchange.ts";
import { withOwnLines } from "./own-lines.ts";
import type { Peer } from "./peer.ts";
import type { LentMessage, WriteBuffer } from "./write-buffer.ts";

/** A complete answer that is ready when its request arrives. The connection stays open after it. */
export interface AnswerAtOnce {
  /** With the lines of the connection and the empty line. Chars are bytes (latin1). */
  readonly head: string;
  /** Its bytes never change. */
  readonly body: Uint8Array | undefined;
  /** The client has not taken all of it yet. `exchange` ends when it has. */
  waits(exchange: Exchange): void;
}

/** The same, whose bytes are lent: whoever is given it copies them before anything else is done. */
export interface LentAnswer extends LentMessage, Pick<AnswerAtOnce, "waits"> {}

/**
 * Finds the answers that are ready. It is asked about every request of HTTP/1.1 that has no body and whose connection
 * stays open. undefined: the request is taken like any other.
 */
export interface AnswerFinder {
  find(request: RequestHead): AnswerAtOnce | undefined;
  /** Asked first, by a connection that copies what it sends. undefined: `find` tells. */
  findLent?(request: RequestHead): LentAnswer | undefined;
}

/** Made for a connection when its first request comes. */
export type AnswersAtOnce = (peer: Peer) => AnswerFinder;

/** An answer that has been written or gathered, and its request. */
export interface AnsweredAtOnce {
  readonly request: RequestHead;
  readonly answer: Pick<AnswerAtOnce, "waits">;
}

export interface AtHandParts {
  readonly outgoing: WriteBuffer;
  readonly atOnce: AnswersAtOnce | undefined;
  /** Logs what the program threw. */
  readonly fault: (thrown: unknown, exchange: undefined) => unknown;
}

/** Answers the requests of one connection that can be answered at once, and writes the answers of a batch together. */
export class AtHand {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #parts: AtHandParts;
  #answers: AnswerFinder | undefined;
  /** The answer is in the write buffer and not written yet. */
  #last: AnsweredAtOnce | undefined;

  constructor(socket: Socket, peer: Peer, parts: AtHandParts) {
    this.#socket = socket;
    this.#peer = peer;
    this.#parts = parts;
  }

  /** Gathers the answer, if there is one. Returns how long its body is. */
  answer(request: RequestHead): number | undefined {
    const { persists, version } = request.fields;
    if (!persists || version !== "1.1") return undefined;
    const { outgoing } = this.#parts;
    const lent = this.#find(request, "findLent");
    if (lent !== undefined && "memory" in lent && outgoing.gatherLent(this.#socket, lent)) {
      this.#last = { request, answer: lent };
      return lent.bodyEnd - lent.bodyAt;
    }
    const answer = this.#find(request, "find");
    if (answer === undefined || "memory" in answer) return undefined;
    this.#last = { request, answer };
    outgoing.gather(this.#socket, withOwnLines(answer.head, this.#peer.ownLines), answer.body);
    return answer.body?.length ?? 0;
  }

  #find(request: RequestHead, how: "find" | "findLent"): AnswerAtOnce | LentAnswer | undefined {
    const { atOnce, fault } = this.#parts;
    if (atOnce === undefined) return undefined;
    try {
      this.#answers ??= atOnce(this.#peer);
      return this.#answers[how]?.(request);
    } catch (thrown) {
      fault(thrown, undefined);
      // The request may still be answered on the ordinary path.
      return undefined;
    }
  }

  /** Writes the gathered answers. Returns the last one. */
  send(): AnsweredAtOnce | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    this.#last = undefined;
    this.#parts.outgoing.flush(this.#socket);
    return last;
  }
}
