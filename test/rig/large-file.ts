import type { Reply, SeenRequest } from "./http-origin.ts";

// As a server reads a file.
const PIECE = 64 * 1024;

/** The bytes `first` to `last`, both included. Each position and each version has its own. */
export function bytesOf(version: number, first: number, last: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, last - first + 1));
  for (let at = 0; at < bytes.length; at += 1) {
    const position = first + at;
    bytes[at] = (position + Math.floor(position / 251) * 7 + version * 101) & 0xff;
  }
  return bytes;
}

/** A file of any length that takes no memory, as an HTTP origin serves it: one range, a strong ETag, 304 and 416. */
export class LargeFile {
  length: number;
  version = 1;
  /** What is sent as the validator; undefined: an ETag of the version. */
  validator: (() => readonly (readonly [string, string])[]) | undefined;
  readsRanges = true;
  /** Beside the usual ones. */
  fields: readonly (readonly [string, string])[] = [["Cache-Control", "max-age=60"]];
  /** Of content that were written. */
  sent = 0;
  /** The Range of each request. */
  readonly ranges: (string | undefined)[] = [];

  constructor(length: number) {
    this.length = length;
  }

  readonly answer = (request: SeenRequest): Reply => {
    const { version, length } = this;
    const range = request.header("range");
    this.ranges.push(range);
    const tag = `"v${version}"`;
    const fields: (readonly [string, string])[] = [
      ...this.fields,
      ...(this.validator?.() ?? [["ETag", tag] as const]),
      ["Accept-Ranges", "bytes"],
    ];
    if (request.header("if-none-match") === tag) return { status: 304, fields };
    const [, from, to = ""] = /^bytes=(\d+)-(\d*)$/.exec(this.readsRanges ? (range ?? "") : "") ?? [];
    if (from === undefined) {
      const all = [...fields, ["Content-Length", String(length)] as const];
      return { fields: all, body: this.#content(version, 0, length - 1) };
    }
    const first = Number(from);
    if (first >= length) return { status: 416, fields: [["Content-Range", `bytes */${length}`]] };
    const last = Math.min(to === "" ? length - 1 : Number(to), length - 1);
    const part = [
      ...fields,
      ["Content-Length", String(last - first + 1)] as const,
      ["Content-Range", `bytes ${first}-${last}/${length}`] as const,
    ];
    return { status: 206, fields: part, body: this.#content(version, first, last) };
  };

  async *#content(version: number, first: number, last: number): AsyncGenerator<Uint8Array> {
    for (let at = first; at <= last; at += PIECE) {
      const piece = bytesOf(version, at, Math.min(last, at + PIECE - 1));
      this.sent += piece.byteLength;
      yield piece;
    }
  }
}
