import { authorityText } from "./authority.ts";
import { FIELD_MESSAGES, FieldLines } from "./field-lines.ts";
import { type RefusedRequest, refused } from "./refusal.ts";
import { judgeFields, REQUEST_FIELD_LIMITS, type RequestFields } from "./request-fields.ts";
import { type RequestLine, readRequestLine, refuseOtherHost } from "./request-line.ts";
import {
  linesOf,
  type Pattern,
  patternOf,
  type ReadLines,
  type ReadSection,
  readByPattern,
  readSimilar,
} from "./similar-fields.ts";

/** The head of a well-formed request. No program can read it in another way. */
export interface RequestHead {
  readonly method: string;
  /** As sent. */
  readonly target: string;
  /** The target's path and query, byte for byte, as they are forwarded. */
  readonly path: string;
  /** In lower case, with its port when one is given; undefined for an HTTP/1.0 request that names none. */
  readonly host: string | undefined;
  /**
   * The same object for every request of a connection that repeats the version and the field section byte for
   * byte, so that what is derived from it can be kept for the next request.
   */
  readonly fields: RequestFields;
}

export type RequestRead =
  /** All bytes have been taken; the rest is still to come. */
  | { readonly kind: "incomplete" }
  /** `end`: the index in the chunk at which the content begins, or the next request. */
  | { readonly kind: "head"; readonly head: RequestHead; readonly end: number }
  /** To be answered; then the connection is closed. */
  | { readonly kind: "refused"; readonly refused: RefusedRequest };

/** A browser's head is under 2 KiB. More is read only when the head goes on: text costs time and memory. */
const WINDOW_BYTES = 4 * 1024;

/** It is kept for as long as the connection is open. Most heads of browsers are shorter. */
const LONGEST_REPEATED = 2 * 1024;

const INCOMPLETE: RequestRead = { kind: "incomplete" };

/**
 * Reads the heads of the requests of one connection (RFC 9112 sections 2 to 5), in whatever pieces they arrive.
 *
 * A client may send the same bytes again, such as when it polls: then the same head is given. It repeats its field
 * section in most of its requests. When the bytes behind the request line are those of
 * the request before, they have been parsed and judged: the same RequestFields are used again. When only some lines in
 * one place differ, only these are parsed, and of lines that have differed before only the values (similar-fields.ts).
 */
export class RequestHeads {
  /** The part of an incomplete head that has arrived, one char a byte. */
  #text = "";
  #line: RequestLine | undefined;
  #lines: FieldLines | undefined;
  /** Where the field section begins in `#text`. */
  #fieldsAt = 0;
  #last: ReadSection | ReadLines | undefined;
  #pattern: Pattern | undefined;
  /** The last request behind which nothing else came with it. A client may send the same bytes again. */
  #whole: { readonly text: string; readonly head: RequestHead } | undefined;

  /** Whether part of a head has arrived. */
  get begun(): boolean {
    return this.#text !== "";
  }

  /** Whether the request that is being read, or was refused, is a HEAD request. */
  get isHead(): boolean {
    return /^(?:\r\n)?HEAD /.test(this.#text);
  }

  /** Takes a chunk that has arrived, from the index `from` on. Nothing more may be read after a refusal. */
  read(chunk: Buffer, from = 0): RequestRead {
    for (let at = from; at < chunk.length; at += WINDOW_BYTES) {
      const held = this.#text.length;
      this.#text += chunk.toString("latin1", at, Math.min(chunk.length, at + WINDOW_BYTES));
      const text = this.#text;
      const last = this.#whole;
      if (held === 0 && last !== undefined && text === last.text) {
        this.#text = "";
        return { kind: "head", head: last.head, end: at + text.length };
      }
      const read = this.#read(at - held);
      if (read.kind === "incomplete") continue;
      if (read.kind === "head" && read.end === at - held + text.length && text.length <= LONGEST_REPEATED)
        this.#whole = { text, head: read.head };
      return read;
    }
    return INCOMPLETE;
  }

  /** `offset`: from an index in the text to the index in the chunk. */
  #read(offset: number): RequestRead {
    if (this.#line === undefined) {
      // RFC 9112 section 2.2: an empty line before the request line is ignored; one is enough.
      const start = this.#text.startsWith("\r\n") ? 2 : 0;
      if (this.#text === "\r") return INCOMPLETE;
      const read = readRequestLine(this.#text, start);
      if (read.kind !== "line") return read;
      this.#line = read.line;
      this.#fieldsAt = read.end;
    }
    const last = this.#last;
    if (last !== undefined && last.fields.version === this.#line.version) {
      const end = this.#fieldsAt + last.text.length;
      if (this.#text.slice(this.#fieldsAt, end) === last.text) {
        return this.#finish(this.#line, last.fields, end + offset);
      }
      if (this.#lines === undefined) {
        const similar = this.#readSimilar(last);
        if (similar !== undefined) {
          this.#last = similar;
          return this.#finish(this.#line, similar.fields, this.#fieldsAt + similar.text.length + offset);
        }
      }
    }
    return this.#readFields(this.#line, offset);
  }

  #readSimilar(last: ReadSection | ReadLines): ReadSection | undefined {
    const pattern = this.#pattern;
    const read = pattern === undefined ? undefined : readByPattern(this.#text, this.#fieldsAt, pattern);
    if (read !== undefined) return read;
    const similar = readSimilar(this.#text, this.#fieldsAt, "lines" in last ? last : linesOf(last));
    if (similar !== undefined) this.#pattern = patternOf(similar);
    return similar;
  }

  #readFields(line: RequestLine, offset: number): RequestRead {
    this.#lines ??= new FieldLines(this.#fieldsAt, REQUEST_FIELD_LIMITS);
    const read = this.#lines.read(this.#text);
    if (read.kind === "incomplete") return read;
    if (read.kind === "fault") {
      const { fault } = read;
      // RFC 6585 section 5.
      const status = fault === "too-many-fields" || fault === "fields-too-large" ? 431 : 400;
      return { kind: "refused", refused: refused(status, fault, FIELD_MESSAGES[fault]) };
    }
    const verdict = judgeFields(line.version, read.raw);
    if (verdict.kind === "refused") return verdict;
    this.#last = { text: this.#text.slice(this.#fieldsAt, read.end), fields: verdict.fields };
    this.#pattern = undefined;
    return this.#finish(line, verdict.fields, read.end + offset);
  }

  #finish(line: RequestLine, fields: RequestFields, end: number): RequestRead {
    const mismatch = refuseOtherHost(line, fields.authority);
    if (mismatch !== undefined) return { kind: "refused", refused: mismatch };
    this.#text = "";
    this.#line = undefined;
    this.#lines = undefined;
    const { method, target, path, absolute } = line;
    const host = absolute === undefined ? fields.host : authorityText(absolute.authority);
    return { kind: "head", head: { method, target, path, host, fields }, end };
  }
}
