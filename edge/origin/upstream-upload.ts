import type { Carrier } from "../../http/client/carrier.ts";
import { CHUNK_END, chunkStart, LAST_CHUNK } from "../../http/message/chunked.ts";
import type { BodyFraming } from "../../http/server/request-body.ts";

/** Learns how far a body has come. */
export interface UploadWatcher {
  /** A part has been written. */
  sentPart(): void;
  /** The body cannot be read to its end. */
  uploadFailed(thrown: unknown): void;
}

type SentConnection = Pick<Carrier, "framesContent" | "full" | "sendMore" | "sendEnd">;

/** The body of a request on its way to an origin. It is read no faster than the origin takes it. */
export class UpstreamUpload {
  readonly #parts: AsyncIterator<Uint8Array>;
  readonly #framing: Pick<BodyFraming, "kind">;
  readonly #watcher: UploadWatcher;
  #left: number;
  #drained: PromiseWithResolvers<void> | undefined;
  #ended: "whole" | "given-up" | undefined;

  constructor(body: AsyncIterable<Uint8Array>, framing: BodyFraming, watcher: UploadWatcher) {
    this.#parts = body[Symbol.asyncIterator]();
    this.#framing = framing;
    this.#watcher = watcher;
    this.#left = framing.kind === "length" ? framing.length : Number.POSITIVE_INFINITY;
  }

  get whole(): boolean {
    return this.#ended === "whole";
  }

  /** Sends all of it. Never rejects. */
  async sendOver(connection: SentConnection): Promise<void> {
    try {
      while (this.#ended === undefined) {
        const { done, value } = await this.#parts.next();
        if (this.#ended !== undefined) return;
        if (done === true) this.#finish(connection);
        else if (value.byteLength > 0) this.#send(value, connection);
        if (connection.full) await this.#drain();
      }
    } catch (thrown) {
      const wasWanted = this.#ended === undefined;
      this.giveUp();
      if (wasWanted) this.#watcher.uploadFailed(thrown);
    }
  }

  drained(): void {
    this.#drained?.resolve();
  }

  /** No more of it is needed. */
  giveUp(): void {
    if (this.#ended !== undefined) return;
    this.#ended = "given-up";
    this.#drained?.resolve();
    // What it throws concerns nobody any more.
    this.#parts.return?.().catch(() => undefined);
  }

  #send(part: Uint8Array, connection: SentConnection): void {
    this.#left -= part.byteLength;
    // One byte more would be read as the beginning of the next request.
    if (this.#left < 0) throw new Error("the request's body is longer than its Content-Length");
    if (this.#framing.kind !== "chunked" || connection.framesContent) connection.sendMore(part);
    else {
      connection.sendMore(chunkStart(part.byteLength));
      connection.sendMore(part);
      connection.sendMore(CHUNK_END);
    }
    this.#watcher.sentPart();
  }

  #finish(connection: SentConnection): void {
    switch (this.#framing.kind) {
      case "length":
        if (this.#left > 0) throw new Error("the request's body is shorter than its Content-Length");
        if (connection.framesContent) connection.sendEnd();
        break;
      case "chunked":
        if (connection.framesContent) connection.sendEnd();
        else connection.sendMore(LAST_CHUNK);
        break;
      case "tunnel":
        connection.sendEnd();
    }
    this.#ended = "whole";
    this.#watcher.sentPart();
  }

  async #drain(): Promise<void> {
    this.#drained = Promise.withResolvers();
    await this.#drained.promise;
    this.#drained = undefined;
  }
}
