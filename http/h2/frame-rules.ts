import type { Allowance } from "./allowance.ts";
import { MOST_LIST_BYTES } from "./bounds.ts";
import { type Frame, withoutPadding } from "./frame-reader.ts";
import { ConnectionFault, ERROR, FLAG, FRAME, LARGEST_WINDOW, pingAck, SETTINGS_ACK } from "./frames.ts";
import { type HeaderBlock, HeaderBlocks } from "./header-blocks.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { type PeerSettings, peerSettings } from "./peer-settings.ts";
import { type Priority, parsePriority } from "./priority.ts";

/** The streams of a connection, whichever side began them. Each call may throw a ConnectionFault. */
export interface FrameTaker {
  headers(block: HeaderBlock, raw: readonly string[]): void;
  /** `taken`: bytes of the windows. */
  data(stream: number, content: Buffer, taken: number, endStream: boolean): void;
  /** RST_STREAM has come. */
  left(stream: number, code: number): void;
  windowUpdate(stream: number, bytes: number): void;
  /** Streams begin with this window, and it changes those of all that are open. */
  beginWith(window: number): void;
  prioritise(stream: number, priority: Priority): void;
}

export interface FrameRulesParts {
  readonly streams: FrameTaker;
  readonly outlet: { control(frame: Buffer): void; window: number };
  readonly idle: Allowance;
  readonly now: () => number;
  /** A field list has come. */
  readonly asked: () => void;
  readonly settled?: (settings: PeerSettings) => void;
  /** RFC 9113 section 6.8: streams behind `last` have not been processed. */
  readonly goneAway?: (last: number, code: number) => void;
}

/** What each frame of the other side means, and which are mistakes (RFC 9113 section 6). */
export class FrameRules {
  readonly #parts: FrameRulesParts;
  readonly #blocks = new HeaderBlocks();
  readonly #decoder = new HpackDecoder(MOST_LIST_BYTES);
  /** Whether the SETTINGS of the other side have come. */
  #settled = false;
  #blockSince = 0;

  constructor(parts: FrameRulesParts) {
    this.#parts = parts;
  }

  /** Since when a header block waits for its rest; undefined: none does. */
  get blockSince(): number | undefined {
    return this.#blocks.waitsFor === undefined ? undefined : this.#blockSince;
  }

  /** Throws a ConnectionFault. */
  take(frame: Frame): void {
    const { type, flags, stream } = frame;
    const expected = this.#blocks.waitsFor;
    if (expected !== undefined && type !== FRAME.continuation)
      throw new ConnectionFault(ERROR.protocol, "a frame within a header block");
    // RFC 9113 section 3.4.
    if (!this.#settled && (type !== FRAME.settings || (flags & FLAG.ack) !== 0))
      throw new ConnectionFault(ERROR.protocol, "the first frame is not SETTINGS");
    switch (type) {
      case FRAME.data:
        this.#data(frame);
        break;
      case FRAME.headers:
        if (stream % 2 === 0)
          throw new ConnectionFault(ERROR.protocol, "streams have odd numbers: a server begins none");
        this.#blockSince = this.#parts.now();
        this.#block(this.#blocks.headers(frame));
        break;
      case FRAME.continuation:
        this.#block(this.#blocks.continuation(frame));
        break;
      case FRAME.rstStream:
        onStream(frame, 4);
        this.#parts.streams.left(stream, frame.bytes.readUInt32BE(frame.at));
        break;
      case FRAME.windowUpdate:
        this.#windowUpdate(frame);
        break;
      case FRAME.settings:
        this.#settings(frame);
        break;
      case FRAME.ping:
        onConnection(frame, 8);
        this.#countIdle();
        if ((flags & FLAG.ack) === 0)
          this.#parts.outlet.control(pingAck(frame.bytes.subarray(frame.at, frame.end)));
        break;
      case FRAME.priority:
        this.#countIdle();
        checkPriority(frame);
        break;
      case FRAME.priorityUpdate:
        this.#countIdle();
        this.#priorityUpdate(frame);
        break;
      case FRAME.goaway:
        this.#goaway(frame);
        break;
      case FRAME.pushPromise:
        throw new ConnectionFault(ERROR.protocol, "nothing may be pushed");
      default:
        // RFC 9113 section 4.1: what is not known is ignored.
        this.#countIdle();
    }
  }

  #data(frame: Frame): void {
    const { stream, flags, bytes, at, end } = frame;
    if (stream === 0) throw new ConnectionFault(ERROR.protocol, "DATA on stream 0");
    const content = withoutPadding(frame, FLAG.padded);
    const endStream = (flags & FLAG.endStream) !== 0;
    if (content.at === content.end && !endStream) this.#countIdle();
    this.#parts.streams.data(stream, bytes.subarray(content.at, content.end), end - at, endStream);
  }

  #block(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    const decoded = this.#decoder.decode(block.bytes, block.at, block.end);
    switch (decoded.kind) {
      case "fault":
        throw new ConnectionFault(ERROR.compression, decoded.why);
      case "too-large":
        throw new ConnectionFault(ERROR.enhanceYourCalm, "a field list is too long");
      case "fields":
        this.#parts.asked();
        this.#parts.streams.headers(block, decoded.raw);
    }
  }

  #settings(frame: Frame): void {
    if (frame.stream !== 0) throw new ConnectionFault(ERROR.protocol, "SETTINGS on a stream");
    this.#countIdle();
    if ((frame.flags & FLAG.ack) !== 0) {
      if (frame.end > frame.at)
        throw new ConnectionFault(ERROR.frameSize, "SETTINGS that acknowledge have content");
      return;
    }
    const settings = peerSettings(frame);
    this.#settled = true;
    if (settings.initialWindow !== undefined) this.#parts.streams.beginWith(settings.initialWindow);
    this.#parts.outlet.control(SETTINGS_ACK);
    this.#parts.settled?.(settings);
  }

  #goaway(frame: Frame): void {
    onConnection(frame, undefined);
    this.#countIdle();
    const { bytes, at, end } = frame;
    if (end - at < GOAWAY_BYTES) throw new ConnectionFault(ERROR.frameSize, "GOAWAY is too short");
    this.#parts.goneAway?.(bytes.readUInt32BE(at) & LARGEST_WINDOW, bytes.readUInt32BE(at + 4));
  }

  #windowUpdate({ stream, bytes, at, end }: Frame): void {
    if (end - at !== 4) throw new ConnectionFault(ERROR.frameSize, "WINDOW_UPDATE has another length");
    this.#countIdle();
    const more = bytes.readUInt32BE(at) & LARGEST_WINDOW;
    if (stream !== 0) {
      this.#parts.streams.windowUpdate(stream, more);
      return;
    }
    if (more === 0) throw new ConnectionFault(ERROR.protocol, "WINDOW_UPDATE of nothing");
    this.#parts.outlet.window += more;
    if (this.#parts.outlet.window > LARGEST_WINDOW)
      throw new ConnectionFault(ERROR.flowControl, "the window of the connection is too large");
  }

  /** RFC 9218 section 7.1. */
  #priorityUpdate(frame: Frame): void {
    onConnection(frame, undefined);
    const { bytes, at, end } = frame;
    if (end - at < 4) throw new ConnectionFault(ERROR.frameSize, "PRIORITY_UPDATE is too short");
    const stream = bytes.readUInt32BE(at) & 0x7fffffff;
    this.#parts.streams.prioritise(stream, parsePriority(bytes.toString("latin1", at + 4, end)));
  }

  #countIdle(): void {
    if (!this.#parts.idle.take(this.#parts.now()))
      throw new ConnectionFault(ERROR.enhanceYourCalm, "too many frames that bring nothing forward");
  }
}

function onConnection({ stream, at, end }: Frame, length: number | undefined): void {
  if (stream !== 0) throw new ConnectionFault(ERROR.protocol, "a frame of the connection on a stream");
  if (length !== undefined && end - at !== length)
    throw new ConnectionFault(ERROR.frameSize, "a frame has another length than its type");
}

function onStream({ stream, at, end }: Frame, length: number): void {
  if (stream === 0) throw new ConnectionFault(ERROR.protocol, "a frame of a stream on the connection");
  if (end - at !== length)
    throw new ConnectionFault(ERROR.frameSize, "a frame has another length than its type");
}

// RFC 9113 section 6.8: a stream and a code.
const GOAWAY_BYTES = 8;

// RFC 9113 section 6.3: a stream and a weight. They mean nothing any more.
const PRIORITY_BYTES = 5;

function checkPriority(frame: Frame): void {
  onStream(frame, PRIORITY_BYTES);
  if ((frame.bytes.readUInt32BE(frame.at) & 0x7fffffff) === frame.stream)
    throw new ConnectionFault(ERROR.protocol, "a stream depends on itself");
}
