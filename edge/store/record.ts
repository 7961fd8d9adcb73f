/**
 * A stored response as bytes. A record begins with numbers: of its texts the lengths, of its facts those that are no
 * text. Then come its key, its field lines, the lines as a client gets them where they differ, its tags, its particulars
 * (record-particulars.ts), and a body that is small. The rest (record-shape.ts) is a text that many records share.
 */

import type { Fields } from "../../http/message/fields.ts";
import { encodingNames } from "../rules/compression.ts";
import {
  BETWEEN_TAGS,
  BODY,
  CLIENT_LINES,
  DATE,
  ENCODINGS,
  ETAG,
  ETAG_LENGTH,
  FLUSHES,
  HEAD_BYTES,
  hasOwnBody,
  INITIAL_AGE,
  INVALIDATIONS,
  KEY,
  LIFETIME,
  LINES,
  NO_ENCODING,
  NO_ETAG,
  NOT_WORTH,
  OWN,
  PARSED_ETAG,
  REQUEST_MONOTONIC,
  REQUEST_WALL,
  RESPONSE_MONOTONIC,
  RESPONSE_WALL,
  SAME_LINES,
  SEQ,
  SHAPE,
  STATUS_AND_FLAGS,
  STATUS_SHIFT,
  setSoftPurged,
  TAG_COUNT,
  TAGS,
  TARGET,
  UNPACKED_CLIENT_LINES,
  UNPACKED_LINES,
  VARIES,
  WEAK,
  WIDE,
} from "./record-layout.ts";
import { particularsText } from "./record-particulars.ts";
import { RecordReader } from "./record-reader.ts";
import { type Shape, shapeOf, shapeText } from "./record-shape.ts";
import { SharedTexts, type SharedTextsOptions } from "./shared-texts.ts";
import { type Extent, offsetOf, Slab, type SlabOptions } from "./slab.ts";
import { keptBytes, keptChunks, type StoredResponse } from "./stored-response.ts";

// Origins give a few kinds of responses. A shape that is not among those seen lately is parsed again.
const MOST_SHAPES = 4_096;

/** The texts of a record, each with a char a byte, or two where one of them needs that. */
export interface RecordTexts {
  readonly key: string;
  readonly lines: string;
  readonly clientLines: string | undefined;
  readonly tags: string;
  readonly own: string;
  readonly isWide: boolean;
  readonly unpacked: number;
  /** Bytes of the record. */
  readonly length: number;
}

export function recordTexts(stored: StoredResponse): RecordTexts {
  const { key, fields, clientFields, tags } = stored;
  const kept = keptBytes(stored);
  const [lines, linesUnpacked] = writtenFields(fields, UNPACKED_LINES);
  const [clientLines, clientUnpacked] =
    clientFields === fields ? [undefined, 0] : writtenFields(clientFields, UNPACKED_CLIENT_LINES);
  const texts = { key, lines, clientLines, tags: tags.join(BETWEEN_TAGS), own: particularsText(stored) };
  const { tags: tagText, own } = texts;
  const isWide = ![key, lines, clientLines ?? "", tagText, own].every(hasAByteAChar);
  const chars = key.length + lines.length + (clientLines?.length ?? 0) + tagText.length + own.length;
  const length = HEAD_BYTES + (isWide ? 2 * chars : chars) + (hasOwnBody(kept) ? 0 : kept);
  return { ...texts, isWide, unpacked: linesUnpacked | clientUnpacked, length };
}

function hasAByteAChar(text: string): boolean {
  return !/[\u0100-\uffff]/.test(text);
}

/** Fields made here may have a name or a value that would not be found again among lines. */
function writtenFields(fields: Fields, unpacked: number): readonly [text: string, flag: number] {
  const lines = fields.packedLines;
  return lines === undefined ? [JSON.stringify([...fields].flat()), unpacked] : [lines, 0];
}

/** Reads and writes the records of one store. */
export class Records {
  readonly #slab: Slab;
  readonly #shared: SharedTexts;
  /** By address. */
  readonly #shapes = new Map<number, Shape>();
  readonly reader = new RecordReader((address) => this.#shapeAt(address));

  /** `texts`: for what records share. */
  constructor(options: SlabOptions, texts: SharedTextsOptions) {
    this.#slab = new Slab(options);
    this.#shared = new SharedTexts(texts);
  }

  /** Bytes of memory in use, with what is free between the records. */
  get held(): number {
    return this.#slab.held + this.#shared.held;
  }

  extentOf(address: number): Extent {
    return this.#slab.extentOf(address);
  }

  /** Returns where it is. `owner`: a number above 0, by which it is known when it moves. */
  add(stored: StoredResponse, texts: RecordTexts, owner: number): number {
    const address = this.#slab.take(texts.length, owner);
    this.#write(this.#slab.extentOf(address), offsetOf(address), stored, texts);
    return address;
  }

  /** As record-shape.ts writes it. */
  shapeTextOf(address: number): string {
    const shape = this.#slab.extentOf(address).ints[(offsetOf(address) >> 2) + SHAPE] ?? 0;
    return this.#shared.textAt(shape >>> 0);
  }

  remove(address: number): void {
    const shape = this.#slab.extentOf(address).ints[(offsetOf(address) >> 2) + SHAPE] ?? 0;
    if (this.#shared.give(shape >>> 0)) this.#shapes.delete(shape >>> 0);
    this.#slab.give(address);
  }

  #write({ bytes, ints, doubles }: Extent, at: number, stored: StoredResponse, texts: RecordTexts): void {
    const { key, lines, clientLines, tags, own, isWide, unpacked } = texts;
    const encoding = isWide ? "utf16le" : "latin1";
    const word = at >> 2;
    const { entityTag, encodings = [] } = stored;
    const kept = keptBytes(stored);
    let end = at + HEAD_BYTES;
    const text = (column: number, written: string): void => {
      const length = bytes.write(written, end, encoding);
      ints[word + column] = length;
      end += length;
    };
    text(KEY, key);
    text(LINES, lines);
    if (clientLines === undefined) ints[word + CLIENT_LINES] = SAME_LINES;
    else text(CLIENT_LINES, clientLines);
    text(TAGS, tags);
    text(OWN, own);
    ints[word + SHAPE] = this.#shared.take(shapeText(stored));
    ints[word + TARGET] = stored.target.length;
    ints[word + TAG_COUNT] = stored.tags.length;
    ints[word + STATUS_AND_FLAGS] =
      (stored.status << STATUS_SHIFT) |
      unpacked |
      (isWide ? WIDE : 0) |
      (entityTag?.weak === true ? WEAK : 0) |
      (stored.variance === undefined ? 0 : VARIES);
    const opaque = entityTag === undefined ? NO_ETAG : lines.indexOf(`"${entityTag.opaque}"`);
    ints[word + ETAG] = entityTag === undefined ? NO_ETAG : opaque === -1 ? PARSED_ETAG : opaque + 1;
    ints[word + ETAG_LENGTH] = entityTag?.opaque.length ?? 0;
    const { lifetime, requestTime, responseTime, mark } = stored;
    const number = at >> 3;
    doubles[number + LIFETIME] = lifetime.seconds;
    doubles[number + INITIAL_AGE] = stored.initialAge;
    doubles[number + DATE] = stored.date;
    doubles[number + REQUEST_WALL] = requestTime.wall;
    doubles[number + REQUEST_MONOTONIC] = requestTime.monotonic;
    doubles[number + RESPONSE_WALL] = responseTime.wall;
    doubles[number + RESPONSE_MONOTONIC] = responseTime.monotonic;
    doubles[number + SEQ] = mark.position.seq;
    ints[word + FLUSHES] = mark.flushes;
    ints[word + INVALIDATIONS] = mark.invalidations;
    setSoftPurged({ doubles }, at, undefined);
    encodingNames.forEach((name, at) => {
      const length = encodings.find((encoding) => encoding.name === name)?.length;
      ints[word + ENCODINGS + at] = length === undefined ? NO_ENCODING : length === 0 ? NOT_WORTH : length;
    });
    doubles[number + BODY] = kept;
    if (hasOwnBody(kept)) return;
    const stop = end + kept;
    for (const chunk of keptChunks(stored)) {
      // Behind it another record lies.
      bytes.set(chunk.subarray(0, stop - end), end);
      end = Math.min(stop, end + chunk.byteLength);
    }
  }

  #shapeAt(address: number): Shape {
    const known = this.#shapes.get(address);
    if (known !== undefined) return known;
    if (this.#shapes.size >= MOST_SHAPES) this.#shapes.clear();
    const shape = shapeOf(this.#shared.textAt(address));
    this.#shapes.set(address, shape);
    return shape;
  }
}
