import type { RefusedRequest } from "../message/refusal.ts";
import type { RequestHead } from "../message/request-head.ts";
import type { AnswerAtOnce, AnswerFinder } from "../server/answer-at-once.ts";
import { TOO_MANY_REQUESTS } from "../server/client-requests.ts";
import type { ConnectionParts } from "../server/connection-parts.ts";
import type { Exchange } from "../server/exchange.ts";
import { withOwnLines } from "../server/own-lines.ts";
import type { Peer } from "../server/peer.ts";
import { Timeouts } from "../server/timeouts.ts";
import { ERROR, type ErrorCode } from "./frames.ts";
import type { HpackEncoder } from "./hpack-encoder.ts";
import type { Outlet } from "./outlet.ts";
import { Stream, type StreamOwner } from "./stream.ts";
import { StreamRequests } from "./stream-request.ts";

export interface IntakeParts {
  readonly peer: Peer;
  readonly server: ConnectionParts;
  readonly encoder: HpackEncoder;
  readonly outlet: Outlet<Stream>;
  /** An answer that was ready at once has so many bytes. */
  readonly gave: (bytes: number) => void;
}

/** What became of a request. */
export type Taken =
  /** It has been answered. "reset": the client is told to send no body. */
  | { readonly kind: "answered"; readonly how: "ended" | "reset" }
  | { readonly kind: "reset"; readonly code: ErrorCode }
  /** The program answers it, or `answer` is its answer, which the client has to make room for. */
  | { readonly kind: "stream"; readonly stream: Stream; readonly answer: AnswerAtOnce | undefined };

const ANSWERED: Taken = { kind: "answered", how: "ended" };
const ANSWERED_EARLY: Taken = { kind: "answered", how: "reset" };

/** A field list that begins a stream. */
export interface NewRequest {
  readonly id: number;
  readonly endStream: boolean;
  readonly raw: readonly string[];
  /** Bytes of DATA that the client takes. */
  readonly window: number;
}

/** Takes the requests of one connection: answers at once, refuses, or makes a stream. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #requests: StreamRequests;
  #finder: AnswerFinder | undefined;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#requests = new StreamRequests(parts.server.upgrades);
  }

  take(request: NewRequest, owner: StreamOwner): Taken {
    const read = this.#requests.read(request.raw, request.endStream);
    switch (read.kind) {
      case "malformed":
        return { kind: "reset", code: ERROR.protocol };
      case "refused":
        return this.#refuse(request, read.refused, read.headOnly);
      case "request":
        return this.#take(request, read, owner);
    }
  }

  #take(
    request: NewRequest,
    { head, priority }: Pick<Stream, "priority"> & { head: RequestHead },
    owner: StreamOwner,
  ): Taken {
    const { server, peer } = this.#parts;
    const { id, endStream, window } = request;
    const answer = endStream ? this.#find(head) : undefined;
    if (answer !== undefined && this.#answers(request, answer)) return ANSWERED;
    const client = answer === undefined ? server.requests.clientOf(peer, head.fields) : undefined;
    if (client !== undefined && !server.requests.begin(client))
      return this.#refuse(request, TOO_MANY_REQUESTS, head.method === "HEAD");
    const timeouts = new Timeouts(server.limits);
    const start = { id, head, priority, hasBody: !endStream, window, countsFor: client, timeouts };
    return { kind: "stream", stream: new Stream(start, owner), answer };
  }

  #find(head: RequestHead): AnswerAtOnce | undefined {
    const { atOnce, fault, connections } = this.#parts.server;
    if (atOnce === undefined || connections.windingDown) return undefined;
    try {
      this.#finder ??= atOnce(this.#parts.peer);
      // A lent one could not wait until the client makes room for it.
      return this.#finder.find(head);
    } catch (thrown) {
      fault(thrown, undefined);
      // The request may still be answered on the ordinary path.
      return undefined;
    }
  }

  #answers({ id, window }: NewRequest, { head, body }: AnswerAtOnce): boolean {
    const { encoder, outlet, gave, peer } = this.#parts;
    const block = encoder.encode(withOwnLines(head, peer.ownLines));
    if (!outlet.answer({ id, block, body, stops: false }, window)) return false;
    gave(body?.byteLength ?? 0);
    return true;
  }

  #refuse({ id, window, endStream }: NewRequest, refused: RefusedRequest, headOnly: boolean): Taken {
    const { encoder, outlet, server, peer } = this.#parts;
    const text = server.refuse(refused, headOnly, peer);
    const end = text.indexOf("\r\n\r\n") + 4;
    const body = end < text.length ? Buffer.from(text.slice(end), "latin1") : undefined;
    const block = encoder.encode(text.slice(0, end));
    // A client that leaves no room for a few bytes has no use for them.
    const stops = !endStream;
    if (!outlet.answer({ id, block, body, stops }, window))
      return { kind: "reset", code: ERROR.refusedStream };
    return stops ? ANSWERED_EARLY : ANSWERED;
  }
}

/** Gives an answer that was ready, and that the client takes when it can. */
export function giveWhole(exchange: Exchange, answer: AnswerAtOnce): void {
  answer.waits(exchange);
  exchange.begin(answer.head);
  if (answer.body !== undefined) exchange.sendLasting("", answer.body, "");
  exchange.finish();
}
