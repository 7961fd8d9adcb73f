import type { Scheme } from "../message/scheme.ts";
import { STATIC_INDEX, STATIC_TABLE } from "./static-table.ts";

/** RFC 9113 section 8.2.2: fields of a connection of HTTP/1.1. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

// A busy edge has a few hundred answers a second that differ. An hour-old text is never asked for again.
const MOST_KEPT = 512;
// An ordinary head has some hundred bytes. So what is kept takes some megabytes at most.
const LONGEST_KEPT = 4 * 1024;
// Field names that answers repeat. An origin can make up any number.
const MOST_NAMES = 2_048;

/**
 * Writes heads as header blocks (RFC 7541). It uses the static table only, so a block is the same for every
 * connection, and the blocks of the latest heads are kept: hits of one second repeat them.
 */
export class HpackEncoder {
  #room: Buffer = Buffer.alloc(0);
  readonly #kept = new Map<string, Buffer>();
  /** By the name as it is written in a head: its bytes in a block; undefined: it is left out. */
  readonly #names = new Map<string, Buffer | undefined>();

  /** `head`: a status line and field lines, each with its end; an empty line behind them is possible. */
  encode(head: string): Buffer {
    const known = this.#kept.get(head);
    if (known !== undefined) return known;
    const block = this.#encode(head);
    if (head.length > LONGEST_KEPT) return block;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(head, block);
    return block;
  }

  /**
   * The block of a request. `head`: a request line, the line of its Host, then field lines, each with its end. Nothing of it
   * is kept, because requests differ.
   */
  encodeRequest(head: string, scheme: Scheme): Buffer {
    const lineEnd = head.indexOf("\r\n");
    const [method = "", path = ""] = head.slice(0, lineEnd).split(" ", 2);
    const hostEnd = head.indexOf("\r\n", lineEnd + 2);
    const host = head.slice(lineEnd + 2 + "host: ".length, hostEnd);
    const out = this.#roomFor(head);
    let at = writePseudo(out, 0, ":method", method);
    at = writePseudo(out, at, ":scheme", scheme);
    at = writePseudo(out, at, ":authority", host);
    at = writePseudo(out, at, ":path", path);
    return Buffer.from(out.subarray(0, this.#writeLines(out, at, head, hostEnd + 2)));
  }

  /** The block of trailers. `lines`: each with its end. */
  encodeTrailers(lines: string): Buffer {
    const out = bufferFor(lines);
    return Buffer.from(out.subarray(0, this.#writeLines(out, 0, lines, 0)));
  }

  #encode(head: string): Buffer {
    const out = bufferFor(head);
    const at = writePseudo(out, 0, ":status", head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
    return Buffer.from(out.subarray(0, this.#writeLines(out, at, head, head.indexOf("\r\n") + 2)));
  }

  /** Memory for one block, until the next one. */
  #roomFor(head: string): Buffer {
    if (roomOf(head) > this.#room.length) this.#room = bufferFor(head);
    return this.#room;
  }

  /** Writes the lines of `head` from an index on. Returns the index behind what is written. */
  #writeLines(out: Buffer, start: number, head: string, from: number): number {
    let at = start;
    for (let line = from; line < head.length; ) {
      const end = head.indexOf("\r\n", line);
      const colon = head.indexOf(": ", line);
      if (end <= line || colon < 0) break;
      const name = this.#name(head.slice(line, colon));
      if (name !== undefined) {
        at += name.copy(out, at);
        at = writeString(out, at, head.slice(colon + 2, end));
      }
      line = end + 2;
    }
    return at;
  }

  /** RFC 7541 section 6.2.2: the beginning of a literal field that enters no table. */
  #name(name: string): Buffer | undefined {
    if (this.#names.has(name)) return this.#names.get(name);
    const lower = name.toLowerCase();
    const bytes = OF_CONNECTION.has(lower) ? undefined : literalName(lower);
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    this.#names.set(name, bytes);
    return bytes;
  }
}

/** A line of "a: b" and its end takes four bytes beside name and value. A literal takes nine at most. */
function bufferFor(lines: string): Buffer {
  return Buffer.allocUnsafe(roomOf(lines));
}

function roomOf(lines: string): number {
  return lines.length * 3 + 16;
}

function literalName(name: string): Buffer {
  const out = Buffer.allocUnsafe(name.length + 8);
  const index = STATIC_INDEX.get(name);
  if (index !== undefined) return out.subarray(0, writeInteger(out, 0, 0, 0x0f, index));
  out[0] = 0;
  return out.subarray(0, writeString(out, 1, name));
}

/** As an entry of the static table, or as a literal with its name from there. */
function writePseudo(out: Buffer, at: number, name: string, value: string): number {
  const index = STATIC_TABLE.findIndex((entry) => entry.name === name && entry.value === value) + 1;
  if (index > 0) return writeInteger(out, at, 0x80, 0x7f, index);
  return writeString(out, writeInteger(out, at, 0, 0x0f, STATIC_INDEX.get(name) ?? 0), value);
}

function writeString(out: Buffer, at: number, text: string): number {
  const begin = writeInteger(out, at, 0, 0x7f, text.length);
  return begin + out.write(text, begin, "latin1");
}

/** RFC 7541 section 5.1. */
function writeInteger(out: Buffer, at: number, flags: number, mask: number, value: number): number {
  if (value < mask) {
    out[at] = flags | value;
    return at + 1;
  }
  out[at] = flags | mask;
  let end = at + 1;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>= 7) {
    out[end] = (rest & 0x7f) | 0x80;
    end += 1;
  }
  out[end] = rest;
  return end + 1;
}
