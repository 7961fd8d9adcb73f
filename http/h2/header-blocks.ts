import { MOST_BLOCK_BYTES, MOST_CONTINUATIONS } from "./bounds.ts";
import { type Frame, withoutPadding } from "./frame-reader.ts";
import { ConnectionFault, ERROR, FLAG } from "./frames.ts";

/** A whole header block. */
export interface HeaderBlock {
  readonly stream: number;
  readonly endStream: boolean;
  /** Its old priority (RFC 9113 section 5.3.2) names the stream itself. */
  readonly dependsOnItself: boolean;
  readonly bytes: Buffer;
  readonly at: number;
  readonly end: number;
}

// RFC 9113 section 6.2: an exclusive flag, a stream, a weight.
const PRIORITY_BYTES = 5;

interface Open extends Omit<HeaderBlock, "bytes" | "at" | "end"> {
  readonly parts: Buffer[];
  size: number;
}

/** Puts header blocks together from HEADERS and CONTINUATION (RFC 9113 section 4.3). Each may throw a ConnectionFault. */
export class HeaderBlocks {
  #open: Open | undefined;

  /** The stream whose block is not whole: no frame but its CONTINUATION may come. */
  get waitsFor(): number | undefined {
    return this.#open?.stream;
  }

  /** A block that is whole; undefined: CONTINUATION follows. */
  headers(frame: Frame): HeaderBlock | undefined {
    const { flags, stream, bytes } = frame;
    const content = withoutPadding(frame, FLAG.padded);
    const { end } = content;
    let { at } = content;
    let dependsOnItself = false;
    if ((flags & FLAG.priority) !== 0) {
      if (end - at < PRIORITY_BYTES) throw new ConnectionFault(ERROR.frameSize, "HEADERS is too short");
      dependsOnItself = (bytes.readUInt32BE(at) & 0x7fffffff) === stream;
      at += PRIORITY_BYTES;
    }
    const endStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) return { stream, endStream, dependsOnItself, bytes, at, end };
    const first = Buffer.from(bytes.subarray(at, end));
    this.#open = { stream, endStream, dependsOnItself, parts: [first], size: first.length };
    return undefined;
  }

  continuation({ flags, stream, bytes, at, end }: Frame): HeaderBlock | undefined {
    const open = this.#open;
    if (open === undefined || open.stream !== stream)
      throw new ConnectionFault(ERROR.protocol, "CONTINUATION follows no HEADERS of its stream");
    open.parts.push(Buffer.from(bytes.subarray(at, end)));
    open.size += end - at;
    if (open.size > MOST_BLOCK_BYTES || open.parts.length > MOST_CONTINUATIONS + 1)
      throw new ConnectionFault(ERROR.enhanceYourCalm, "a header block is too long");
    if ((flags & FLAG.endHeaders) === 0) return undefined;
    this.#open = undefined;
    const { endStream, dependsOnItself, parts } = open;
    return { stream, endStream, dependsOnItself, bytes: Buffer.concat(parts), at: 0, end: open.size };
  }
}
