import type { ClientConnection } from "../../http/client/client-connection.ts";
import { CHUNK_END, chunkStart, LAST_CHUNK } from "../../http/message/chunked.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import type { RequestBody } from "../../http/server/request-body.ts";

/** Why an upload has stopped for now. */
export type UploadRest =
  /** The edge accepts no more for now. */
  | { readonly kind: "edge-full" }
  /** The client has to send more. */
  | { readonly kind: "client-slow" }
  | { readonly kind: "whole" }
  /** The client's bytes are not a valid body. */
  | { readonly kind: "malformed"; readonly why: string };

const EDGE_FULL: UploadRest = { kind: "edge-full" };
const CLIENT_SLOW: UploadRest = { kind: "client-slow" };
const WHOLE: UploadRest = { kind: "whole" };

type SentConnection = Pick<ClientConnection, "full" | "sendMore" | "sendEnd">;

/** Sends a request's body to one edge, with new framing. */
export class BodyUpload {
  readonly #exchange: Exchange;
  readonly #body: RequestBody;
  readonly #connection: SentConnection;
  #whole = false;

  constructor(exchange: Exchange, body: RequestBody, connection: SentConnection) {
    this.#exchange = exchange;
    this.#body = body;
    this.#connection = connection;
  }

  /** Whether all of it has been sent. */
  get whole(): boolean {
    return this.#whole;
  }

  /** Sends what has arrived, as far as the edge accepts it. */
  go(): UploadRest {
    while (!this.#whole) {
      if (this.#connection.full) return EDGE_FULL;
      const read = this.#exchange.readBody(this.#body);
      switch (read.kind) {
        case "content":
          for (const piece of read.pieces) this.#send(piece);
          break;
        case "waiting":
          return CLIENT_SLOW;
        case "whole":
          this.#whole = true;
          this.#end();
          break;
        case "malformed":
          return read;
      }
    }
    return WHOLE;
  }

  #end(): void {
    switch (this.#body.framing.kind) {
      case "length":
        break;
      case "chunked":
        this.#connection.sendMore(LAST_CHUNK);
        break;
      case "tunnel":
        this.#connection.sendEnd();
    }
  }

  #send(piece: Buffer): void {
    this.#exchange.timeouts.tookBody(piece.length);
    if (this.#body.framing.kind !== "chunked") {
      this.#connection.sendMore(piece);
      return;
    }
    this.#connection.sendMore(chunkStart(piece.length));
    this.#connection.sendMore(piece);
    this.#connection.sendMore(CHUNK_END);
  }
}
