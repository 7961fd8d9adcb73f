import { ChunkedDecoder } from "../message/chunked.ts";
import type { UnreadBytes } from "./unread-bytes.ts";

/** RFC 9112 section 6.3. */
export type MessageFraming =
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" };

/** How a request's body is delimited. */
export type BodyFraming =
  | MessageFraming
  /** It is what the client says in another protocol, if the server agrees to that. */
  | { readonly kind: "tunnel"; readonly protocol: string };

export type BodyRead =
  | { readonly kind: "content"; readonly pieces: readonly Buffer[] }
  /** The next bytes are the client's to send. */
  | { readonly kind: "waiting" }
  | { readonly kind: "whole" }
  | { readonly kind: "malformed"; readonly why: string };

type Stage =
  | { readonly kind: "length"; left: number }
  | { readonly kind: "chunked"; readonly decoder: ChunkedDecoder }
  | { readonly kind: "whole" };

const WAITING: BodyRead = { kind: "waiting" };
const WHOLE: BodyRead = { kind: "whole" };

/** The body of one request, as it arrives. As long as `began` is false it can be sent whole. */
export interface RequestBody {
  /** How it is forwarded. */
  readonly framing: BodyFraming;
  /** Whether the program has taken any byte of the body. */
  readonly began: boolean;
  /** Whether the program has taken the whole body. */
  readonly whole: boolean;
  /** The next pieces, decoded; each is given once. */
  read(): BodyRead;
}

/** The body of a request of HTTP/1.1, read from what its client has sent. */
export class MessageBody implements RequestBody {
  readonly framing: BodyFraming;
  readonly #unread: UnreadBytes;
  #stage: Stage;
  #began = false;

  constructor(framing: MessageFraming, unread: UnreadBytes) {
    this.framing = framing;
    this.#unread = unread;
    this.#stage =
      framing.kind === "length"
        ? { kind: "length", left: framing.length }
        : { kind: "chunked", decoder: new ChunkedDecoder() };
  }

  get began(): boolean {
    return this.#began;
  }

  /** The next unread byte begins the next request. */
  get whole(): boolean {
    return this.#stage.kind === "whole";
  }

  read(): BodyRead {
    const { chunk, at } = this.#unread;
    const stage = this.#stage;
    if (stage.kind === "whole") return WHOLE;
    if (chunk === undefined) return WAITING;
    this.#began = true;
    if (stage.kind === "length") {
      const end = Math.min(chunk.length, at + stage.left);
      stage.left -= end - at;
      this.#unread.readTo(end);
      if (stage.left === 0) this.#stage = { kind: "whole" };
      return { kind: "content", pieces: [chunk.subarray(at, end)] };
    }
    const read = stage.decoder.push(chunk, at);
    if (read.kind === "malformed") return { kind: "malformed", why: read.why };
    this.#unread.readTo(read.kind === "end" ? read.end : chunk.length);
    if (read.kind === "end") this.#stage = { kind: "whole" };
    return { kind: "content", pieces: read.content };
  }
}
