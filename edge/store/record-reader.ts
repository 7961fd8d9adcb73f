import { Fields } from "../../http/message/fields.ts";
import { encodingNames } from "../rules/compression.ts";
import { type EntityTag, parseEntityTag } from "../rules/entity-tag.ts";
import { heldPart } from "../rules/partial.ts";
import type { Purgeable } from "./purge-match.ts";
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
  INITIAL_AGE,
  INVALIDATIONS,
  KEY,
  LIFETIME,
  LINES,
  NO_ENCODING,
  NO_ETAG,
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
  TAG_COUNT,
  TAGS,
  TARGET,
  UNPACKED_CLIENT_LINES,
  UNPACKED_LINES,
  WEAK,
  WIDE,
} from "./record-layout.ts";
import { KnownParticulars } from "./record-particulars.ts";
import type { Shape } from "./record-shape.ts";
import { isSentInPlace, PlaceOfResponse, type ResponseInPlace } from "./response-in-place.ts";
import type { Extent } from "./slab.ts";
import type { Encoding, FillMark, StoredResponse } from "./stored-response.ts";

/** Makes responses of records. */
export class RecordReader {
  readonly #shapeAt: (address: number) => Shape;
  readonly #particulars = new KnownParticulars();
  #place: PlaceOfResponse | undefined;

  constructor(shapeAt: (address: number) => Shape) {
    this.#shapeAt = shapeAt;
  }

  /** `ownBody`: where the body is not in the record. The response has nothing of the record's memory. */
  read(extent: Extent, at: number, ownBody: readonly Uint8Array[] | undefined): StoredResponse {
    const { bytes, ints, doubles } = extent;
    const word = at >> 2;
    const number = at >> 3;
    const of = (column: number): number => ints[word + column] ?? 0;
    const numberOf = (column: number): number => doubles[number + column] ?? 0;
    const flags = of(STATUS_AND_FLAGS);
    const encoding = (flags & WIDE) === 0 ? "latin1" : "utf16le";
    let end = at + HEAD_BYTES;
    const text = (length: number): string => {
      const from = end;
      end += length;
      return bytes.toString(encoding, from, end);
    };
    const key = text(of(KEY));
    const lines = text(of(LINES));
    const fields = readFields(lines, (flags & UNPACKED_LINES) !== 0);
    const clientFields =
      of(CLIENT_LINES) === SAME_LINES
        ? fields
        : readFields(text(of(CLIENT_LINES)), (flags & UNPACKED_CLIENT_LINES) !== 0);
    const tags = tagsOf(text(of(TAGS)), of(TAG_COUNT));
    const { base, selecting, variance } = this.#particulars.of(text(of(OWN)));
    const shape = this.#shapeAt(of(SHAPE) >>> 0);
    const { site, method, authorized, sent, source, codings, epoch, policy } = shape;
    const lengths = encodingNames.map((_, at) => of(ENCODINGS + at));
    const bodyLength = lengths.reduce((left, length) => left - Math.max(0, length), numberOf(BODY));
    const next = ownBody === undefined ? copying(bytes, end) : taking(ownBody);
    // The bodies lie one behind the other.
    const chunks = next(bodyLength);
    const encodings = encodingsOf(lengths, next);
    const status = flags >>> STATUS_SHIFT;
    return {
      status,
      fields,
      requestTime: { wall: numberOf(REQUEST_WALL), monotonic: numberOf(REQUEST_MONOTONIC) },
      responseTime: { wall: numberOf(RESPONSE_WALL), monotonic: numberOf(RESPONSE_MONOTONIC) },
      policy,
      lifetime: { seconds: numberOf(LIFETIME), source },
      initialAge: numberOf(INITIAL_AGE),
      date: numberOf(DATE),
      entityTag: entityTagOf(fields, lines, of(ETAG), of(ETAG_LENGTH), (flags & WEAK) !== 0),
      held: heldPart({ status, fields }),
      codings,
      clientFields,
      selecting,
      method,
      authorized,
      key,
      site,
      ...(base === undefined ? {} : { base }),
      target: key.slice(key.length - of(TARGET)),
      chunks,
      bodyLength,
      ...(encodings === undefined ? {} : { encodings }),
      sent,
      tags,
      variance,
      mark: markOf(extent, at, epoch),
    };
  }

  markIn(extent: Extent, at: number): FillMark {
    const { epoch } = this.#shapeAt((extent.ints[(at >> 2) + SHAPE] ?? 0) >>> 0);
    return markOf(extent, at, epoch);
  }

  /** undefined: it cannot be sent as it lies there. */
  inPlace(extent: Extent, at: number, keyRow: number): ResponseInPlace | undefined {
    const { bytes, ints } = extent;
    if (!isSentInPlace(extent, at)) return undefined;
    const shape = this.#shapeAt((ints[(at >> 2) + SHAPE] ?? 0) >>> 0);
    this.#place ??= new PlaceOfResponse(shape, extent);
    this.#place.show(extent, at, shape, keyRow);
    const { ownAt, bodyAt } = this.#place;
    const own = ownAt === bodyAt ? "" : bytes.toString("latin1", ownAt, bodyAt);
    this.#place.selecting = this.#particulars.of(own).selecting;
    return this.#place;
  }

  /** What a purge has to know of it. */
  purgeable({ bytes, ints }: Extent, at: number): Purgeable {
    const word = at >> 2;
    const of = (column: number): number => ints[word + column] ?? 0;
    const encoding = (of(STATUS_AND_FLAGS) & WIDE) === 0 ? "latin1" : "utf16le";
    const from = at + HEAD_BYTES;
    const key = bytes.toString(encoding, from, from + of(KEY));
    const tags = from + of(KEY) + of(LINES) + Math.max(0, of(CLIENT_LINES));
    const own = tags + of(TAGS);
    const { variance } = this.#particulars.of(bytes.toString(encoding, own, own + of(OWN)));
    return {
      site: this.#shapeAt(of(SHAPE) >>> 0).site,
      target: key.slice(key.length - of(TARGET)),
      tags: tagsOf(bytes.toString(encoding, tags, own), of(TAG_COUNT)),
      variance,
    };
  }
}

function markOf({ ints, doubles }: Extent, at: number, epoch: number): FillMark {
  return {
    position: { epoch, seq: doubles[(at >> 3) + SEQ] ?? 0 },
    flushes: ints[(at >> 2) + FLUSHES] ?? 0,
    invalidations: ints[(at >> 2) + INVALIDATIONS] ?? 0,
  };
}

function readFields(text: string, isUnpacked: boolean): Fields {
  return isUnpacked ? Fields.ofRaw(JSON.parse(text)) : Fields.ofLines(text);
}

function tagsOf(text: string, count: number): readonly string[] {
  return count === 0 ? NO_TAGS : text.split(BETWEEN_TAGS);
}

const NO_TAGS: readonly string[] = [];

function entityTagOf(
  fields: Fields,
  lines: string,
  at: number,
  length: number,
  weak: boolean,
): EntityTag | undefined {
  if (at === NO_ETAG) return undefined;
  if (at === PARSED_ETAG) return parseEntityTag(fields.get("etag"));
  return { weak, opaque: lines.slice(at, at + length) };
}

/** undefined: it has none, like most. */
function encodingsOf(lengths: readonly number[], next: NextBytes): readonly Encoding[] | undefined {
  if (lengths.every((length) => length === NO_ENCODING)) return undefined;
  const encodings: Encoding[] = [];
  encodingNames.forEach((name, at) => {
    const written = lengths[at] ?? NO_ENCODING;
    const length = Math.max(0, written);
    if (written !== NO_ENCODING) encodings.push({ name, chunks: next(length), length });
  });
  return encodings;
}

/** Gives the next bytes of so many. */
type NextBytes = (length: number) => readonly Uint8Array[];

function copying(bytes: Buffer, from: number): NextBytes {
  let at = from;
  return (length) => {
    if (length === 0) return [];
    const copy = Buffer.allocUnsafeSlow(length);
    bytes.copy(copy, 0, at, at + length);
    at += length;
    return [copy];
  };
}

/** No piece has bytes of two bodies. */
export function taking(pieces: readonly Uint8Array[]): NextBytes {
  let at = 0;
  return (length) => {
    const from = at;
    for (let left = length; left > 0 && at < pieces.length; at += 1) left -= pieces[at]?.byteLength ?? 0;
    return pieces.slice(from, at);
  };
}
