import type { BodyFraming, BodyRead, RequestBody } from "../server/request-body.ts";

const WAITING: BodyRead = { kind: "waiting" };
const WHOLE: BodyRead = { kind: "whole" };

// Smaller pieces are put together: each costs some hundred bytes beside its own.
const PIECE_BYTES = 4 * 1024;

/** The body of one request by HTTP/2: the content of its DATA frames. */
export class StreamBody implements RequestBody {
  readonly framing: BodyFraming;
  /** Called with the bytes that the program has taken, so that the client may send as many more. */
  readonly #taken: (bytes: number) => void;
  #pieces: Buffer[] = [];
  /** Bytes used of the last piece, when that has room for more. */
  #filled: number | undefined;
  #size = 0;
  #came = 0;
  #began = false;
  #ended = false;

  constructor(framing: BodyFraming, taken: (bytes: number) => void) {
    this.framing = framing;
    this.#taken = taken;
  }

  /** Bytes that the program has not taken. */
  get size(): number {
    return this.#size;
  }

  get began(): boolean {
    return this.#began;
  }

  get whole(): boolean {
    return this.#ended && this.#size === 0;
  }

  /** Takes the content of a DATA frame. Returns false when there is more of it than Content-Length says. */
  add(bytes: Buffer): boolean {
    this.#came += bytes.length;
    if (this.framing.kind === "length" && this.#came > this.framing.length) return false;
    if (bytes.length === 0) return true;
    this.#size += bytes.length;
    const last = this.#pieces.at(-1);
    if (this.#filled !== undefined && last !== undefined && this.#filled + bytes.length <= last.length) {
      bytes.copy(last, this.#filled);
      this.#filled += bytes.length;
      return true;
    }
    this.#close();
    if (bytes.length >= PIECE_BYTES) this.#pieces.push(Buffer.from(bytes));
    else {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      bytes.copy(piece);
      this.#pieces.push(piece);
      this.#filled = bytes.length;
    }
    return true;
  }

  /** The client has sent all. Returns false when it is less than Content-Length says. */
  end(): boolean {
    this.#ended = true;
    return this.framing.kind !== "length" || this.#came === this.framing.length;
  }

  read(): BodyRead {
    if (this.#size === 0) return this.#ended ? WHOLE : WAITING;
    this.#began = true;
    this.#close();
    const pieces = this.#pieces;
    const size = this.#size;
    this.#pieces = [];
    this.#size = 0;
    this.#taken(size);
    return { kind: "content", pieces };
  }

  /** The last piece takes no more. */
  #close(): void {
    const last = this.#pieces.pop();
    if (last === undefined) return;
    this.#pieces.push(this.#filled === undefined ? last : last.subarray(0, this.#filled));
    this.#filled = undefined;
  }
}
