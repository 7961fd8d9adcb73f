/** RFC 9113 section 6. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
  /** RFC 9218 section 7.1. */
  priorityUpdate: 16,
} as const;

export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** RFC 9113 section 7. */
export const ERROR = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  connect: 10,
  enhanceYourCalm: 11,
} as const;
export type ErrorCode = (typeof ERROR)[keyof typeof ERROR];

/** RFC 9113 section 6.5.2. */
export const SETTING = {
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  /** RFC 8441 section 3. */
  enableConnectProtocol: 8,
  /** RFC 9218 section 2.1. */
  noRfc7540Priorities: 9,
} as const;

export const FRAME_HEADER = 9;

/** RFC 9113 section 4.2: what both sides take without having said more. We send no larger frame either. */
export const MOST_FRAME_BYTES = 16_384;

/** RFC 9113 section 6.9.1. */
export const LARGEST_WINDOW = 2 ** 31 - 1;

/** RFC 9113 section 3.4. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A mistake of the client that ends the connection. */
export class ConnectionFault extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, why: string) {
    super(why);
    this.code = code;
  }
}

/** Returns the index behind it. */
export function writeFrameHeader(
  out: Buffer,
  at: number,
  frame: { readonly length: number; readonly type: number; readonly flags: number; readonly stream: number },
): number {
  const { length, type, flags, stream } = frame;
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out[at + 5] = stream >>> 24;
  out[at + 6] = stream >>> 16;
  out[at + 7] = stream >>> 8;
  out[at + 8] = stream;
  return at + FRAME_HEADER;
}

function frameOf(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER + payload.length);
  payload.copy(out, writeFrameHeader(out, 0, { length: payload.length, type, flags, stream }));
  return out;
}

function numbers(...values: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 4);
  for (const [index, value] of values.entries()) out.writeUInt32BE(value >>> 0, index * 4);
  return out;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * 6);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frameOf(FRAME.settings, 0, 0, payload);
}

export const SETTINGS_ACK = frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0));

export function pingAck(opaque: Buffer): Buffer {
  return frameOf(FRAME.ping, FLAG.ack, 0, opaque);
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  return frameOf(FRAME.windowUpdate, 0, stream, numbers(bytes));
}

export function rstStream(stream: number, code: ErrorCode): Buffer {
  return frameOf(FRAME.rstStream, 0, stream, numbers(code));
}

/** `why`: for the people at the other end. */
export function goaway(lastStream: number, code: ErrorCode, why = ""): Buffer {
  return frameOf(FRAME.goaway, 0, 0, Buffer.concat([numbers(lastStream, code), Buffer.from(why, "latin1")]));
}

/** Bytes of the frames of a header block. */
export function headersBytes(block: Buffer): number {
  return block.length + FRAME_HEADER * Math.max(1, Math.ceil(block.length / MOST_FRAME_BYTES));
}

/** Writes the frames of one header block: HEADERS, and CONTINUATION when it is long. Returns the index behind them. */
export function writeHeaders(
  out: Buffer,
  at: number,
  {
    stream,
    block,
    endStream,
  }: { readonly stream: number; readonly block: Buffer; readonly endStream: boolean },
): number {
  let end = at;
  let from = 0;
  do {
    const length = Math.min(MOST_FRAME_BYTES, block.length - from);
    const type = from === 0 ? FRAME.headers : FRAME.continuation;
    const ends = from === 0 && endStream ? FLAG.endStream : 0;
    const flags = ends | (from + length === block.length ? FLAG.endHeaders : 0);
    end = writeFrameHeader(out, end, { length, type, flags, stream });
    end += block.copy(out, end, from, from + length);
    from += length;
  } while (from < block.length);
  return end;
}
