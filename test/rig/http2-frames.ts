import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { HpackDecoder } from "../../http/h2/hpack-decoder.ts";

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const [HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY] = [1, 3, 4, 6, 7];
const [DATA, END_STREAM, END_HEADERS] = [0, 1, 4];

/** The bytes of a frame. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | string = "",
): Buffer {
  const content = typeof payload === "string" ? Buffer.from(payload, "hex") : Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, content]);
}

/** A number of four bytes. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A header block of literal fields that enter no table. */
export function block(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => {
      const [n, v] = [Buffer.from(name, "latin1"), Buffer.from(value, "latin1")];
      return [Buffer.from([0]), integer(n.length), n, integer(v.length), v];
    }),
  );
}

export type FieldList = readonly (readonly [name: string, value: string])[];

/** The pseudo-fields of a request. */
export function pseudo(path = "/a", method = "GET"): FieldList {
  return [
    [":method", method],
    [":scheme", "http"],
    [":authority", "a.example"],
    [":path", path],
  ];
}

/** The HEADERS frame of a request. `body`: DATA follows. */
export function request(stream: number, fields: FieldList = pseudo(), body = false): Buffer {
  return frame(HEADERS, END_HEADERS | (body ? 0 : END_STREAM), stream, block(fields));
}

/** An answer as it came. */
export interface StreamAnswer {
  readonly status: string | undefined;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A client of HTTP/2 with prior knowledge that sends what it likes. */
export class Http2Frames {
  readonly socket: Socket;
  /** All frames so far. */
  readonly frames: ReceivedFrame[] = [];
  readonly closed: Promise<void>;
  #rest = Buffer.alloc(0);
  #ended = false;
  #changed = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#ended = true;
        this.#changed.resolve();
        resolve();
      });
    });
  }

  /** Has sent the preface and SETTINGS, unless it is told to send something else. */
  static async open(base: string, first?: string | Buffer): Promise<Http2Frames> {
    const { hostname, port } = new URL(base);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const client = new Http2Frames(socket);
    return client.send(first ?? Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
  }

  send(...frames: readonly (Buffer | string)[]): this {
    for (const each of frames)
      this.socket.write(typeof each === "string" ? Buffer.from(each, "latin1") : each);
    return this;
  }

  /** Resolves with the first frame, past or to come, that fits; undefined when the connection closes before. */
  async find(fits: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame | undefined> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined || this.#ended) return found;
      await this.#changed.promise;
    }
  }

  /** The code and text of GOAWAY. */
  async goaway(): Promise<readonly [code: number, why: string] | undefined> {
    const found = await this.find(({ type }) => type === GOAWAY);
    if (found === undefined) return undefined;
    return [found.payload.readUInt32BE(4), found.payload.toString("latin1", 8)];
  }

  /** The code of RST_STREAM. */
  async reset(stream: number): Promise<number | undefined> {
    const found = await this.find((each) => each.type === RST_STREAM && each.stream === stream);
    return found?.payload.readUInt32BE(0);
  }

  /** The whole answer on a stream; what there is of it when the connection closes before. */
  async answer(stream: number): Promise<StreamAnswer> {
    const ends = ({ type, flags, stream: of }: ReceivedFrame) =>
      of === stream && ((type <= HEADERS && (flags & END_STREAM) !== 0) || type === RST_STREAM);
    await this.find(ends);
    const own = this.frames.filter((each) => each.stream === stream);
    const head = own.findLast(({ type }) => type === HEADERS);
    const fields = fieldsOf(head);
    const body = Buffer.concat(own.filter(({ type }) => type === DATA).map(({ payload }) => payload));
    return { status: fields.get(":status"), fields, body: body.toString("latin1") };
  }

  /** Resolves when the server has handled all that was sent so far; false when it has closed the connection. */
  async handled(mark = "0102030405060708"): Promise<boolean> {
    this.send(frame(PING, 0, 0, mark));
    const ack = await this.find(({ type, payload }) => type === PING && payload.toString("hex") === mark);
    return ack !== undefined;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #received(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      this.frames.push({
        type: this.#rest[3] ?? 0,
        flags: this.#rest[4] ?? 0,
        stream: this.#rest.readUInt32BE(5),
        payload: Buffer.from(this.#rest.subarray(9, end)),
      });
      this.#rest = this.#rest.subarray(end);
    }
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}

/** The fields of a header block; the server's blocks use no dynamic table. */
function fieldsOf(head: ReceivedFrame | undefined): Map<string, string> {
  const fields = new Map<string, string>();
  if (head === undefined) return fields;
  const decoded = new HpackDecoder(2 ** 20).decode(head.payload, 0, head.payload.length);
  if (decoded.kind !== "fields") throw new Error(`a header block that is no one: ${decoded.kind}`);
  for (let i = 0; i < decoded.raw.length; i += 2) fields.set(decoded.raw[i] ?? "", decoded.raw[i + 1] ?? "");
  return fields;
}
