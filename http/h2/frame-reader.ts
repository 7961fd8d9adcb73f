import { ConnectionFault, ERROR, FRAME_HEADER, MOST_FRAME_BYTES, PREFACE } from "./frames.ts";

/** One frame. Its payload is in `bytes` from `at` to `end`, until the next one is read. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly bytes: Buffer;
  readonly at: number;
  readonly end: number;
}

const NOTHING = Buffer.alloc(0);

/** Finds the frames in what one side sends: a client behind its preface, a server at once (RFC 9113 sections 3.4 and 4.1). */
export class FrameReader {
  #bytes: Buffer = NOTHING;
  #at = 0;
  /** Whether the memory belongs to somebody else, who uses it again soon. */
  #borrowed = false;
  #greeted: boolean;

  constructor(from: "client" | "server" = "client") {
    this.#greeted = from === "server";
  }

  /** Whether the preface has come. */
  get greeted(): boolean {
    return this.#greeted;
  }

  /** `borrowed`: the memory is used again when the caller returns; `own` must be called before. */
  add(bytes: Buffer, borrowed: boolean): void {
    const rest = this.#bytes.length - this.#at;
    if (rest === 0) {
      this.#bytes = bytes;
      this.#borrowed = borrowed;
    } else {
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
      this.#borrowed = false;
    }
    this.#at = 0;
  }

  /** Copies the rest of borrowed bytes. */
  own(): void {
    if (this.#at === this.#bytes.length) this.#bytes = NOTHING;
    else if (this.#borrowed) this.#bytes = Buffer.from(this.#bytes.subarray(this.#at));
    else return;
    this.#at = 0;
    this.#borrowed = false;
  }

  /** The next whole frame; undefined: it has not come yet. Throws a ConnectionFault. */
  next(): Frame | undefined {
    const bytes = this.#bytes;
    if (!this.#greeted && !this.#greet()) return undefined;
    const at = this.#at + FRAME_HEADER;
    if (at > bytes.length) return undefined;
    const length = bytes.readUIntBE(this.#at, 3);
    // RFC 9113 section 4.2.
    if (length > MOST_FRAME_BYTES) throw new ConnectionFault(ERROR.frameSize, "a frame is too large");
    const end = at + length;
    if (end > bytes.length) return undefined;
    const type = bytes[this.#at + 3] ?? 0;
    const flags = bytes[this.#at + 4] ?? 0;
    // RFC 9113 section 4.1: the first bit means nothing.
    const stream = bytes.readUInt32BE(this.#at + 5) & 0x7fffffff;
    this.#at = end;
    return { type, flags, stream, bytes, at, end };
  }

  #greet(): boolean {
    const came = this.#bytes.subarray(this.#at, this.#at + PREFACE.length);
    if (!came.equals(PREFACE.subarray(0, came.length)))
      throw new ConnectionFault(ERROR.protocol, "the connection does not begin with the preface of HTTP/2");
    if (came.length < PREFACE.length) return false;
    this.#at += PREFACE.length;
    this.#greeted = true;
    return true;
  }
}

/** Where the content of a DATA or HEADERS frame is, without its padding. Throws a ConnectionFault. */
export function withoutPadding(
  { flags, bytes, at, end }: Frame,
  padded: number,
): { at: number; end: number } {
  if ((flags & padded) === 0) return { at, end };
  const padding = bytes[at] ?? 0;
  // RFC 9113 section 6.1: padding as long as the payload or longer is an error.
  if (at >= end || at + 1 + padding > end)
    throw new ConnectionFault(ERROR.protocol, "the padding is too long");
  return { at: at + 1, end: end - padding };
}
