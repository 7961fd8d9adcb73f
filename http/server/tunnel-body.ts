import type { BodyFraming, BodyRead, RequestBody } from "./request-body.ts";
import type { UnreadBytes } from "./unread-bytes.ts";

const WAITING: BodyRead = { kind: "waiting" };
const WHOLE: BodyRead = { kind: "whole" };

/**
 * What a client of HTTP/1.1 sends behind a request to change protocols (RFC 9110 section 7.8). It is no HTTP if the
 * server agrees. If not, nobody knows what it is: it is never read as a request.
 */
export class TunnelBody implements RequestBody {
  readonly framing: BodyFraming;
  readonly #unread: UnreadBytes;
  #began = false;
  #ended = false;

  constructor(protocol: string, unread: UnreadBytes) {
    this.framing = { kind: "tunnel", protocol };
    this.#unread = unread;
  }

  get began(): boolean {
    return this.#began;
  }

  get whole(): boolean {
    return this.#ended && this.#unread.chunk === undefined;
  }

  /** The client sends no more. */
  end(): void {
    this.#ended = true;
  }

  read(): BodyRead {
    const { chunk, at } = this.#unread;
    if (chunk === undefined) return this.#ended ? WHOLE : WAITING;
    this.#began = true;
    this.#unread.readTo(chunk.length);
    return { kind: "content", pieces: [chunk.subarray(at)] };
  }
}
