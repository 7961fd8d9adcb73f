import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

export interface BodyWatch {
  /** The next bytes are the client's to send. */
  waiting(): void;
  /** `bytes` have gone towards the edge. */
  took(bytes: number): void;
  /** The whole body has. */
  done(): void;
}

/** Whether content follows the fields. RFC 9112 section 6.3. */
export function hasBody(request: IncomingMessage): boolean {
  const { "transfer-encoding": coding, "content-length": length } = request.headers;
  return coding !== undefined || (length !== undefined && Number(length) > 0);
}

/**
 * The request's body for one attempt. It takes nothing from the client before the edge's connection asks
 * for it, and its end by failure leaves the client's stream as it is, so that as long as `began` is false
 * another attempt can send the whole body.
 */
export class AttemptBody extends Readable {
  readonly #request: IncomingMessage;
  readonly #watch: BodyWatch;
  #wanted = false;
  #listening = false;
  #began = false;

  constructor(request: IncomingMessage, watch: BodyWatch) {
    super();
    this.#request = request;
    this.#watch = watch;
  }

  /** Whether anything of it has been taken from the client. */
  get began(): boolean {
    return this.#began;
  }

  override _read(): void {
    this.#wanted = true;
    if (!this.#listening) {
      this.#listening = true;
      this.#request.on("readable", this.#pump).once("end", this.#end).once("close", this.#close);
    }
    this.#pump();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#request.off("readable", this.#pump).off("end", this.#end).off("close", this.#close);
    callback(error);
  }

  readonly #pump = (): void => {
    if (!this.#wanted) return;
    const chunk: Buffer | null = this.#request.read();
    if (chunk === null) {
      this.#watch.waiting();
      return;
    }
    this.#wanted = false;
    this.#began = true;
    this.#watch.took(chunk.byteLength);
    this.push(chunk);
  };

  readonly #end = (): void => {
    this.#began = true;
    this.#watch.done();
    this.push(null);
  };

  readonly #close = (): void => {
    if (!this.#request.readableEnded) this.destroy(new Error("the client left inside the request's body"));
  };
}
