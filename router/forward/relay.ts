import type { ClientConnection } from "../../http/client/client-connection.ts";
import { CHUNK_END, chunkStart, LAST_CHUNK } from "../../http/message/chunked.ts";
import type { Framing } from "../../http/message/message-framing.ts";
import type { ResponseHead } from "../../http/message/response-head.ts";
import { trailerLines } from "../../http/message/trailers.ts";
import type { HttpDate } from "../../http/server/date-field.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import type { Clock } from "../../process/clock.ts";
import { type ResponseLines, responseHeadOut } from "./response-head-out.ts";

/** How the content is sent to the client. */
type Passing =
  /** Unchanged: both sides use the same framing. */
  | "as-received"
  /** Without chunked coding, which only HTTP/1.1 has. The end of the connection or stream ends it. */
  | "content"
  /** In chunks, because the edge ends it by closing and the client's connection stays open. */
  | "in-chunks";

export interface RelayParts {
  readonly clock: Clock;
  readonly date: HttpDate;
}

/** The edge whose response is relayed, as Server-Timing shows it. */
export interface RelayedEdge {
  readonly id: string;
  readonly rttMs: number;
}

interface RelayedResponse {
  readonly edge: RelayedEdge;
  readonly head: ResponseHead;
  readonly framing: Framing;
  /** Of the connection that it comes over. */
  readonly lines: ResponseLines;
}

type ReadConnection = Pick<ClientConnection, "hold" | "resume">;

/** Relays the response of an edge to the client, as fast as the client takes it. */
export class Relay {
  readonly #exchange: Exchange;
  readonly #connection: ReadConnection;
  readonly #clock: Clock;
  readonly #passing: Passing;

  constructor(
    exchange: Exchange,
    connection: ReadConnection,
    parts: RelayParts,
    { edge, head, framing, lines }: RelayedResponse,
  ) {
    this.#exchange = exchange;
    this.#connection = connection;
    this.#clock = parts.clock;
    this.#passing = head.status === 101 ? "as-received" : passingOf(framing, exchange);
    const isChunked =
      this.#passing === "in-chunks" || (this.#passing === "as-received" && framing.kind === "chunked");
    const added = {
      edge: edge.id,
      firstByteMs: parts.clock.monotonic() - exchange.arrivedAt,
      rttMs: edge.rttMs,
      chunked: isChunked,
      closes: exchange.decideClosing(),
      date: parts.date.value,
    };
    const { tunnel } = exchange;
    if (head.status === 101 && tunnel !== undefined)
      exchange.beginTunnel(
        responseHeadOut(head, lines, {
          ...added,
          tunnel: { protocol: tunnel, byConnect: exchange.request.fields.version === "2" },
        }),
      );
    else exchange.begin(responseHeadOut(head, lines, added));
    this.#wait("answer");
  }

  /** `content`: the bytes in `received` without chunked coding. */
  body(received: Buffer, content: readonly Buffer[]): void {
    switch (this.#passing) {
      case "as-received":
        this.#exchange.send("", received, "");
        break;
      case "content":
        for (const piece of content) this.#exchange.send("", piece, "");
        break;
      case "in-chunks":
        this.#exchange.send(chunkStart(received.length), received, CHUNK_END);
    }
  }

  /** What stands behind the content. In chunked coding it is part of what was received. */
  trailers(raw: readonly string[]): void {
    if (this.#passing === "content") this.#exchange.trailers(trailerLines(raw));
  }

  /** One read from the edge has ended. Reads no more until the client has taken all of it. */
  readOver(): void {
    this.#exchange.flush();
    if (this.#exchange.taken) this.#wait("answer");
    else {
      this.#connection.hold();
      this.#wait("reader");
    }
  }

  clientDrained(): void {
    this.#wait("answer");
    this.#connection.resume();
  }

  /** The content is complete. */
  whole(): void {
    if (this.#passing === "in-chunks") this.#exchange.send(LAST_CHUNK, undefined, "");
  }

  #wait(party: "reader" | "answer"): void {
    const { timeouts, switched } = this.#exchange;
    const now = this.#clock.monotonic();
    if (!switched || party === "reader") timeouts.waitFor(party, now);
    else {
      timeouts.waitFor("tunnel", now);
      timeouts.passed(now);
    }
  }
}

function passingOf(framing: Framing, exchange: Exchange): Passing {
  const hasChunks = exchange.request.fields.version === "1.1";
  if (framing.kind === "chunked") return hasChunks ? "as-received" : "content";
  return framing.kind === "until-close" && hasChunks ? "in-chunks" : "as-received";
}
