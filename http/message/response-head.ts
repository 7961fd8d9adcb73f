import { FIELD_MESSAGES, type FieldFault, type FieldLimits, FieldLines } from "./field-lines.ts";
import { type Framing, type FramingFault, type HttpVersion, responseFraming } from "./message-framing.ts";
import { persists } from "./persistence.ts";

/** The head of a well-formed response. No program can read it in another way. Immutable. */
export interface ResponseHead {
  readonly version: HttpVersion;
  /** 100 to 599. */
  readonly status: number;
  /** May be empty. */
  readonly reason: string;
  /** name, value, name, value … in the server's order and case. */
  readonly raw: readonly string[];
  /** Whether the server keeps the connection open after it, as far as its fields say. */
  readonly persists: boolean;
  /** Where the content ends, unless it answers HEAD: see `framingFor`. */
  readonly framingUnlessHead: Framing;
}

export type ResponseRead =
  /** All bytes have been taken; the rest is still to come. */
  | { readonly kind: "incomplete" }
  /** `end`: the index in the chunk at which the content begins, or the next response. */
  | { readonly kind: "head"; readonly head: ResponseHead; readonly end: number }
  /** Nothing that comes over the connection can be trusted. */
  | { readonly kind: "malformed"; readonly fault: HeadFault; readonly why: string };

/** Why a head is refused, in one word. */
export type HeadFault =
  | "malformed"
  /** Its field section is larger than allowed. */
  | "too-large"
  /** Its transfer coding is not `chunked`, the only one that a client here understands. */
  | "transfer-coding";

/**
 * How large a field section an edge takes from an origin. Twice the bytes that node's own client takes, so that an
 * unusual origin works; 64 KiB would be an attack.
 */
export const ORIGIN_FIELD_LIMITS: FieldLimits = { fields: 1000, bytes: 32 * 1024 };

/**
 * How large a field section a router takes from an edge: more than an edge takes from an origin, because edges add
 * fields. An origin alone can never make an edge send what a router refuses.
 */
export const EDGE_FIELD_LIMITS: FieldLimits = { fields: 1064, bytes: 64 * 1024 };

const LONGEST_STATUS_LINE = 1024;
/** As much as most heads have, and little of the content behind them. */
const WINDOW_BYTES = 2 * 1024;

/** RFC 9112 section 4. Some servers leave out the space before an empty reason too. */
const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?\r\n/;

/** The faults that are told apart from other malformed heads. */
const FIELD_FAULTS: Readonly<Partial<Record<FieldFault, HeadFault>>> = {
  "too-many-fields": "too-large",
  "fields-too-large": "too-large",
};
const FRAMING_FAULTS: Readonly<Partial<Record<FramingFault, HeadFault>>> = {
  "unknown-transfer-coding": "transfer-coding",
  "not-chunked": "transfer-coding",
};

const NONE: Framing = { kind: "none" };
const INCOMPLETE: ResponseRead = { kind: "incomplete" };

/** RFC 9112 section 6.3: where the content of the answer to such a request ends. */
export function framingFor(head: ResponseHead, requestMethod: string): Framing {
  return requestMethod === "HEAD" ? NONE : head.framingUnlessHead;
}

/**
 * Reads the heads of the responses of one connection, in whatever pieces they arrive. While a server repeats a
 * head byte for byte, the same ResponseHead is handed out, so that what is derived from it can be kept.
 */
export class ResponseHeads {
  /** The part of an incomplete head that has arrived, one char a byte. */
  #text = "";
  #line: StatusLine | undefined;
  #lines: FieldLines | undefined;
  #last: Last | undefined;
  readonly #limits: FieldLimits;

  constructor(limits: FieldLimits) {
    this.#limits = limits;
  }

  /** Takes a chunk that has arrived, from the index `from` on. Nothing more may be read after a malformed head. */
  read(chunk: Buffer, from = 0): ResponseRead {
    const { bytes, head } = this.#last ?? {};
    if (bytes !== undefined && head !== undefined && this.#text === "" && isAt(chunk, from, bytes))
      return { kind: "head", head, end: from + bytes.length };
    for (let at = from; at < chunk.length; at += WINDOW_BYTES) {
      const held = this.#text.length;
      this.#text += chunk.toString("latin1", at, Math.min(chunk.length, at + WINDOW_BYTES));
      const read = this.#read(at - held);
      if (read.kind !== "incomplete") return read;
    }
    return INCOMPLETE;
  }

  /** `offset`: from an index in the text to the index in the chunk. */
  #read(offset: number): ResponseRead {
    const last = this.#last;
    if (last !== undefined && this.#text.slice(0, last.text.length) === last.text) {
      last.bytes ??= Buffer.from(last.text, "latin1");
      return this.#finish(last.head, last.text.length + offset);
    }
    if (this.#lines === undefined || this.#line === undefined) {
      const lineEnd = this.#text.indexOf("\n") + 1;
      if ((lineEnd === 0 ? this.#text.length : lineEnd) > LONGEST_STATUS_LINE) {
        return malformed("malformed", "the status line is longer than allowed");
      }
      if (lineEnd === 0) return INCOMPLETE;
      this.#line = statusLine(this.#text.slice(0, lineEnd));
      if (this.#line === undefined) return malformed("malformed", "the status line is malformed");
      this.#lines = new FieldLines(lineEnd, this.#limits);
    }
    return this.#readFields(this.#line, this.#lines, offset);
  }

  #readFields(line: StatusLine, lines: FieldLines, offset: number): ResponseRead {
    const read = lines.read(this.#text);
    if (read.kind === "incomplete") return read;
    if (read.kind === "fault")
      return malformed(FIELD_FAULTS[read.fault] ?? "malformed", FIELD_MESSAGES[read.fault]);
    const { version, status } = line;
    const { raw } = read;
    const framing = responseFraming(version, raw, status);
    if (typeof framing === "string") {
      return malformed(
        FRAMING_FAULTS[framing] ?? "malformed",
        `where its content ends is not known: ${framing}`,
      );
    }
    const head = { ...line, raw, persists: persists(version, raw), framingUnlessHead: framing };
    this.#last = { text: this.#text.slice(0, read.end), head, bytes: undefined };
    return this.#finish(head, read.end + offset);
  }

  #finish(head: ResponseHead, end: number): ResponseRead {
    this.#text = "";
    this.#line = undefined;
    this.#lines = undefined;
    return { kind: "head", head, end };
  }
}

interface Last {
  readonly text: string;
  readonly head: ResponseHead;
  /** The same as the text, once it has been repeated. No text need be made of bytes that are equal. */
  bytes: Buffer | undefined;
}

function isAt(chunk: Buffer, from: number, bytes: Buffer): boolean {
  const end = from + bytes.length;
  return end <= chunk.length && chunk.compare(bytes, 0, bytes.length, from, end) === 0;
}

type StatusLine = Pick<ResponseHead, "version" | "status" | "reason">;

function statusLine(line: string): StatusLine | undefined {
  const [, version, status, reason = ""] = STATUS_LINE.exec(line) ?? [];
  if (version !== "1.1" && version !== "1.0") return undefined;
  return { version, status: Number(status), reason };
}

function malformed(fault: HeadFault, why: string): ResponseRead {
  return { kind: "malformed", fault, why };
}
