import { CHUNK_END, chunkStart, LAST_CHUNK } from "../../http/message/chunked.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import type { RequestBody } from "../../http/server/request-body.ts";
import type { EdgeConnection } from "./edge-connection.ts";

/** Why an upload has come to rest. */
export type UploadRest =
  /** The edge takes no more for now. */
  | { readonly kind: "edge-full" }
  /** The next bytes are the client's to send. */
  | { readonly kind: "client-slow" }
  | { readonly kind: "whole" }
  /** What the client sent is no body. */
  | { readonly kind: "malformed"; readonly why: string };

const EDGE_FULL: UploadRest = { kind: "edge-full" };
const CLIENT_SLOW: UploadRest = { kind: "client-slow" };
const WHOLE: UploadRest = { kind: "whole" };

/** A request's body on its way to one edge, delimited anew. */
export class BodyUpload {
  readonly #exchange: Exchange;
  readonly #body: RequestBody;
  readonly #connection: EdgeConnection;
  #whole = false;

  constructor(exchange: Exchange, body: RequestBody, connection: EdgeConnection) {
    this.#exchange = exchange;
    this.#body = body;
    this.#connection = connection;
  }

  /** Whether the edge has been given all of it. */
  get whole(): boolean {
    return this.#whole;
  }

  /** Sends what has come of it, as far as the edge takes it. */
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
          if (this.#body.framing.kind === "chunked") this.#connection.sendMore(LAST_CHUNK);
          break;
        case "malformed":
          return read;
      }
    }
    return WHOLE;
  }

  #send(piece: Buffer): void {
    this.#exchange.timeouts.tookBody(piece.length);
    if (this.#body.framing.kind === "length") {
      this.#connection.sendMore(piece);
      return;
    }
    this.#connection.sendMore(chunkStart(piece.length));
    this.#connection.sendMore(piece);
    this.#connection.sendMore(CHUNK_END);
  }
}
