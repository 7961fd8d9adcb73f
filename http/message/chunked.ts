import { FIELD_MESSAGES, type FieldLimits, FieldLines } from "./field-lines.ts";
import { TCHAR } from "./token.ts";

/** The result of decoding some bytes. `content`: views of the chunk they came in, in order. */
export type ChunkedRead =
  /** All bytes have been taken; more is to come. */
  | { readonly kind: "more"; readonly content: readonly Buffer[] }
  /**
   * `trailers`: name, value, name, value … as sent. `end`: the index in the chunk at which the next message begins.
   */
  | {
      readonly kind: "end";
      readonly content: readonly Buffer[];
      readonly trailers: readonly string[];
      readonly end: number;
    }
  /** Where the content ends is not known, so the connection must be closed. */
  | { readonly kind: "malformed"; readonly content: readonly Buffer[]; readonly why: string };

/** Ends a chunk, and the whole content. */
export const CHUNK_END = "\r\n";
export const LAST_CHUNK = "0\r\n\r\n";

/** The end of the content, with trailers. `lines`: each with its end. */
export function lastChunk(lines: string): string {
  return lines === "" ? LAST_CHUNK : `0\r\n${lines}\r\n`;
}

/** Begins a chunk of so many bytes, at least one. */
export function chunkStart(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

/** RFC 9110 section 5.6.4: a quoted-string. */
const QUOTED = '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
/**
 * RFC 9112 section 7.1: the size, then extensions. Extensions are rare, but a recipient must ignore those it
 * does not know (section 7.1.1), so they are skipped, and only in their exact form: attacks hide line ends in them.
 */
const CHUNK_LINE = new RegExp(`^([0-9a-f]{1,16})(?:;${TCHAR}+(?:=(?:${TCHAR}+|${QUOTED}))?)*\\r\\n$`, "i");
/** RFC 9112 section 7.1.1 asks for a bound on extensions: on one line, and in all. */
const LONGEST_CHUNK_LINE = 256;
const MOST_EXTENSION_BYTES = 4 * 1024;
const TRAILER_LIMITS: FieldLimits = { fields: 100, bytes: 8 * 1024 };

/** How a chunk line begins, as far as it has arrived. */
const CHUNK_LINE_START = /^[0-9a-f]{1,16}(?:$|[;\r])/i;
/** A trailer section is short. The bytes behind it belong to the next message. */
const WINDOW_BYTES = 1024;
const LF = 0x0a;

type State =
  /** Inside the line before a chunk. */
  | { readonly kind: "line"; readonly text: string }
  /** Inside a chunk's data: so many bytes are missing. */
  | { readonly kind: "data"; readonly left: number }
  /** Behind a chunk's data. */
  | { readonly kind: "data-end"; readonly text: string }
  | { readonly kind: "trailers"; readonly text: string; readonly lines: FieldLines };

const LINE: State = { kind: "line", text: "" };
const DATA_END: State = { kind: "data-end", text: "" };

/** The result of one step of the decoder. */
type Step =
  /** `at`: the index of the byte it stopped before. */
  | { readonly kind: "on"; readonly at: number; readonly state: State }
  | { readonly kind: "end"; readonly at: number; readonly trailers: readonly string[] }
  | { readonly kind: "malformed"; readonly why: string };

/** Decodes the content of one message (RFC 9112 section 7.1), in whatever pieces it arrives. */
export class ChunkedDecoder {
  #state: State = LINE;
  #extensionBytes = 0;

  /** Takes a chunk that has arrived, from the index `from` on. Nothing more may be pushed after `end` or `malformed`. */
  push(chunk: Buffer, from = 0): ChunkedRead {
    const content: Buffer[] = [];
    for (let at = from; at < chunk.length; ) {
      const step = this.#step(chunk, at, content);
      switch (step.kind) {
        case "on":
          this.#state = step.state;
          at = step.at;
          break;
        case "end":
          return { kind: "end", content, trailers: step.trailers, end: step.at };
        case "malformed":
          return { kind: "malformed", content, why: step.why };
      }
    }
    return { kind: "more", content };
  }

  #step(chunk: Buffer, at: number, content: Buffer[]): Step {
    const state = this.#state;
    switch (state.kind) {
      case "line":
        return this.#line(chunk, at, state.text);
      case "data": {
        const end = Math.min(chunk.length, at + state.left);
        content.push(chunk.subarray(at, end));
        const left = state.left - (end - at);
        return { kind: "on", at: end, state: left === 0 ? DATA_END : { kind: "data", left } };
      }
      case "data-end":
        return dataEnd(chunk, at, state.text);
      case "trailers":
        return trailers(chunk, at, state.text, state.lines);
    }
  }

  #line(chunk: Buffer, at: number, before: string): Step {
    const lineEnd = chunk.indexOf(LF, at) + 1;
    const end = Math.min(lineEnd === 0 ? chunk.length : lineEnd, at + LONGEST_CHUNK_LINE);
    const text = before + chunk.toString("latin1", at, end);
    if (text.length > LONGEST_CHUNK_LINE) return malformed("a chunk's line is longer than allowed");
    if (!CHUNK_LINE_START.test(text)) return malformed("a chunk does not begin with its size");
    if (!text.endsWith("\n")) return { kind: "on", at: end, state: { kind: "line", text } };
    const digits = CHUNK_LINE.exec(text)?.[1];
    if (digits === undefined) return malformed("the text after a chunk's size is no extension");
    this.#extensionBytes += text.length - digits.length - CHUNK_END.length;
    if (this.#extensionBytes > MOST_EXTENSION_BYTES) return malformed("more chunk extensions than allowed");
    const size = Number.parseInt(digits, 16);
    if (size > Number.MAX_SAFE_INTEGER) return malformed("a chunk is larger than allowed");
    const state: State =
      size > 0
        ? { kind: "data", left: size }
        : { kind: "trailers", text: "", lines: new FieldLines(0, TRAILER_LIMITS) };
    return { kind: "on", at: end, state };
  }
}

function dataEnd(chunk: Buffer, at: number, before: string): Step {
  const end = Math.min(chunk.length, at + CHUNK_END.length - before.length);
  const text = before + chunk.toString("latin1", at, end);
  if (text === CHUNK_END) return { kind: "on", at: end, state: LINE };
  return CHUNK_END.startsWith(text)
    ? { kind: "on", at: end, state: { kind: "data-end", text } }
    : malformed("a chunk is longer than its size says");
}

/** RFC 9110 section 6.5.1: not in trailers, because some programs would believe them. */
const FRAMING = /^(?:content-length|transfer-encoding)$/i;

/** RFC 9112 section 7.1.2. */
function trailers(chunk: Buffer, at: number, before: string, lines: FieldLines): Step {
  const end = Math.min(chunk.length, at + WINDOW_BYTES);
  const text = before + chunk.toString("latin1", at, end);
  const read = lines.read(text);
  switch (read.kind) {
    case "incomplete":
      return { kind: "on", at: end, state: { kind: "trailers", text, lines } };
    case "fields":
      return read.raw.some((text, i) => i % 2 === 0 && FRAMING.test(text))
        ? malformed("a trailer field says where the content ends")
        : { kind: "end", at: at + read.end - before.length, trailers: read.raw };
    case "fault":
      return malformed(`in the trailer section, ${FIELD_MESSAGES[read.fault]}`);
  }
}

function malformed(why: string): Step {
  return { kind: "malformed", why };
}
