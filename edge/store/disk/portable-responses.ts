/**
 * What is stored under a key, as one piece of bytes that another process can read: for each response its shape
 * (record-shape.ts), its record (record.ts) and the body that does not stand in it.
 */
import { encodingNames } from "../../rules/compression.ts";
import {
  BODY,
  ENCODINGS,
  hasOwnBody,
  keyIn,
  REQUEST_MONOTONIC,
  REQUEST_WALL,
  RESPONSE_MONOTONIC,
  RESPONSE_WALL,
  SHAPE,
} from "../record-layout.ts";
import { RecordReader, taking } from "../record-reader.ts";
import { type Shape, shapeOf } from "../record-shape.ts";
import type { StoredResponse } from "../stored-response.ts";
import { type PiecePlace, PLACE_BYTES, readPlaces, writePlaces } from "./piece-place.ts";

/** One response, as the tables of a store have it. */
export interface PortableResponse {
  /** As text of record-shape.ts. */
  readonly shape: string;
  readonly record: Uint8Array;
  /** Empty where the body stands in the record. */
  readonly ownBody: readonly Uint8Array[];
}

/** Numbers of a record lie on multiples of this. */
const UNIT = 8;
const COUNT_BYTES = UNIT;
/** What the slab has in a block that is free, and the number of the shape. */
const PLACE_WORDS = [0, SHAPE];
/** The lengths of shape and record as 32 bits, that of the body as a double. */
const LENGTHS_BYTES = 2 * UNIT;

/** How many bytes `packed` makes of them. */
export function packedBytes(
  responses: readonly PortableResponse[],
  places: readonly PiecePlace[] = [],
): number {
  return responses.reduce(
    (sum, { shape, record, ownBody }) => {
      const texts = rounded(Buffer.byteLength(shape)) + rounded(record.byteLength);
      return sum + LENGTHS_BYTES + texts + (places.length > 0 ? 0 : rounded(bytesOf(ownBody)));
    },
    COUNT_BYTES + places.length * PLACE_BYTES,
  );
}

/** `places`: where the bodies lie, if they lie elsewhere. */
export function packed(
  responses: readonly PortableResponse[],
  places: readonly PiecePlace[] = [],
): Buffer<ArrayBuffer> {
  const into = Buffer.allocUnsafeSlow(packedBytes(responses, places));
  into.writeUInt32LE(responses.length, 0);
  into.writeUInt32LE(places.length, 4);
  writePlaces(into, COUNT_BYTES, places);
  let end = COUNT_BYTES + places.length * PLACE_BYTES;
  const add = (...pieces: readonly Uint8Array[]): void => {
    for (const bytes of pieces) {
      into.set(bytes, end);
      end += bytes.byteLength;
    }
    const next = rounded(end);
    into.fill(0, end, next);
    end = next;
  };
  for (const { shape, record, ownBody } of responses) {
    const text = Buffer.from(shape);
    into.writeUInt32LE(text.byteLength, end);
    into.writeUInt32LE(record.byteLength, end + 4);
    into.writeDoubleLE(bytesOf(ownBody), end + UNIT);
    end += LENGTHS_BYTES;
    add(text);
    const at = end;
    add(record);
    // They differ from one place in memory to the next, and are of no use to a reader. What is the same has the same bytes.
    for (const word of PLACE_WORDS) into.writeUInt32LE(0, at + 4 * word);
    if (places.length === 0) add(...ownBody);
  }
  return into;
}

/** Where its bodies lie; none: they stand in it. */
export function placesOfBodies(payload: Buffer): readonly PiecePlace[] {
  return readPlaces(payload, COUNT_BYTES, payload.readUInt32LE(4));
}

/** Where the clocks of this process stand, in milliseconds; undefined: the bytes were made by this process. */
export type ClocksNow = { readonly wall: number; readonly monotonic: number } | undefined;

/**
 * The responses, if they are stored under this key. `payload` must be those bytes: they are changed. undefined: they are of
 * another key with the same hash. `pieces`: of the bodies that lie elsewhere.
 */
export function unpacked(
  payload: Buffer,
  key: string,
  now: ClocksNow,
  pieces: readonly Uint8Array[] = [],
): readonly StoredResponse[] | undefined {
  const { buffer, byteOffset, byteLength } = payload;
  const words = byteLength - (byteLength % UNIT);
  const ints = new Int32Array(buffer, byteOffset, words / 4);
  const doubles = new Float64Array(buffer, byteOffset, words / UNIT);
  const extent = { bytes: payload, ints, doubles };
  let shape: Shape | undefined;
  const reader = new RecordReader(() => {
    if (shape === undefined) throw new Error("a shape stands before its record");
    return shape;
  });
  const responses: StoredResponse[] = [];
  const next = taking(pieces);
  let end = COUNT_BYTES + payload.readUInt32LE(4) * PLACE_BYTES;
  for (let left = payload.readUInt32LE(0); left > 0; left -= 1) {
    const shapeLength = payload.readUInt32LE(end);
    const recordLength = payload.readUInt32LE(end + 4);
    const bodyLength = payload.readDoubleLE(end + UNIT);
    end += LENGTHS_BYTES;
    shape = shapeOf(payload.toString("utf8", end, end + shapeLength));
    const record = rounded(end + shapeLength);
    const body = rounded(record + recordLength);
    if (keyIn(extent, record) !== key) return undefined;
    if (now !== undefined) resetClocks(doubles, record / UNIT, now);
    const isOwn = hasOwnBody(doubles[record / UNIT + BODY] ?? 0);
    const isElsewhere = pieces.length > 0;
    const bodies = (): readonly Uint8Array[] =>
      isElsewhere ? next(bodyLength) : copied(payload, body, formLengths(ints, record / 4, bodyLength));
    responses.push(reader.read(extent, record, isOwn ? bodies() : undefined));
    end = isElsewhere ? body : rounded(body + bodyLength);
  }
  return responses;
}

/** Of the body, then of its encodings. */
function formLengths(ints: Int32Array, word: number, all: number): readonly number[] {
  const encoded = encodingNames.map((_, at) => Math.max(0, ints[word + ENCODINGS + at] ?? 0));
  return [encoded.reduce((left, length) => left - length, all), ...encoded];
}

/** Copies, one for each form, so that what is stored does not keep the fields and the padding beside it. */
function copied(payload: Buffer, from: number, lengths: readonly number[]): readonly Uint8Array[] {
  let at = from;
  return lengths
    .filter((length) => length > 0)
    .map((length) => {
      const copy = Buffer.allocUnsafeSlow(length);
      payload.copy(copy, 0, at, at + length);
      at += length;
      return copy;
    });
}

/** The monotonic clock of another process began elsewhere. What the wall clock has counted since takes its place. */
function resetClocks(doubles: Float64Array, at: number, now: NonNullable<ClocksNow>): void {
  const ago = (wall: number): number => now.monotonic - Math.max(0, now.wall - (doubles[at + wall] ?? 0));
  doubles[at + REQUEST_MONOTONIC] = ago(REQUEST_WALL);
  doubles[at + RESPONSE_MONOTONIC] = ago(RESPONSE_WALL);
}

function rounded(length: number): number {
  return Math.ceil(length / UNIT) * UNIT;
}

export function bytesOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
