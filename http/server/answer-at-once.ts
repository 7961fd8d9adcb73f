import type { RequestHead } from "../message/request-head.ts";
import type { Exchange } from "./exchange.ts";
import type { Peer } from "./peer.ts";

/** A whole answer that the program has at hand when its request comes. The connection stays open after it. */
export interface AnswerAtOnce {
  /** With the lines of the connection and the empty line. Chars are bytes (latin1). */
  readonly head: string;
  /** Its bytes never change. */
  readonly body: Uint8Array | undefined;
  /** The client has not taken all of it yet. `exchange` ends when it has. */
  waits(exchange: Exchange): void;
}

/**
 * Made for a connection when its first request comes. It is asked about every request of HTTP/1.1 that has no body and
 * whose connection stays open. undefined: the request is taken like any other.
 */
export type AnswersAtOnce = (peer: Peer) => (request: RequestHead) => AnswerAtOnce | undefined;
