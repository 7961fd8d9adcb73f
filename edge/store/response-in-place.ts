import { encodingNames } from "../rules/compression.ts";
import {
  BODY,
  CLIENT_LINES,
  ENCODINGS,
  FLUSHES,
  HEAD_BYTES,
  hasOwnBody,
  INITIAL_AGE,
  INVALIDATIONS,
  KEY,
  LIFETIME,
  LINES,
  OWN,
  RESPONSE_MONOTONIC,
  RESPONSE_WALL,
  SEQ,
  STATUS_AND_FLAGS,
  STATUS_SHIFT,
  softPurgedIn,
  TAGS,
  UNPACKED_CLIENT_LINES,
  UNPACKED_LINES,
  WIDE,
} from "./record-layout.ts";
import type { Shape } from "./record-shape.ts";
import type { Extent } from "./slab.ts";
import type { StoredResponse } from "./stored-response.ts";

type Facts = Pick<
  StoredResponse,
  | "status"
  | "method"
  | "policy"
  | "lifetime"
  | "initialAge"
  | "responseTime"
  | "selecting"
  | "codings"
  | "sent"
  | "mark"
>;

/**
 * A stored response where it lies in the memory of its store. No object is made for it. It is good until the store is asked
 * for something else or changed: then another response may stand there.
 */
export interface ResponseInPlace extends Facts {
  /** When the first soft purge covered it. */
  readonly softPurgedAt: number | undefined;
  /** The row of its key. */
  readonly keyRow: number;
  /** Has the field lines as a client gets them, and the body. */
  readonly memory: Buffer;
  readonly linesAt: number;
  readonly linesEnd: number;
  readonly bodyAt: number;
  readonly bodyEnd: number;
}

// Its fields have to be made anew for each answer, or are not kept as they are sent.
const NOT_IN_PLACE = WIDE | UNPACKED_LINES | UNPACKED_CLIENT_LINES;

// RFC 9110 section 15.3.7: a response with a part of a whole. Other requests are answered from it.
const PARTIAL = 206;

/** Whether the record can be sent as it lies there. */
export function isSentInPlace(extent: Extent, at: number): boolean {
  const { ints, doubles } = extent;
  const flags = ints[(at >> 2) + STATUS_AND_FLAGS] ?? 0;
  const isWhole = flags >>> STATUS_SHIFT !== PARTIAL && !hasOwnBody(doubles[(at >> 3) + BODY] ?? 0);
  return isWhole && (flags & NOT_IN_PLACE) === 0;
}

/** Shows one record after the other. */
export class PlaceOfResponse implements ResponseInPlace {
  status = 0;
  method: Facts["method"] = "GET";
  policy: Facts["policy"];
  codings: Facts["codings"] = [];
  selecting: Facts["selecting"] = new Map();
  sent: Facts["sent"] = "rewritten";
  initialAge = 0;
  readonly lifetime = { seconds: 0, source: "" };
  readonly responseTime = { wall: 0, monotonic: 0 };
  readonly mark = { position: { epoch: 0, seq: 0 }, flushes: 0, invalidations: 0 };
  softPurgedAt: number | undefined;
  keyRow = 0;
  memory: Buffer;
  linesAt = 0;
  linesEnd = 0;
  /** Of the text that no other record shares. It ends where the body begins. */
  ownAt = 0;
  bodyAt = 0;
  bodyEnd = 0;

  constructor(shape: Shape, { bytes }: Extent) {
    this.policy = shape.policy;
    this.memory = bytes;
  }

  /** A record for which `isSentInPlace` holds. */
  show(extent: Extent, at: number, shape: Shape, keyRow: number): void {
    const { ints, doubles } = extent;
    const word = at >> 2;
    const number = at >> 3;
    this.status = (ints[word + STATUS_AND_FLAGS] ?? 0) >>> STATUS_SHIFT;
    this.method = shape.method;
    this.policy = shape.policy;
    this.codings = shape.codings;
    this.sent = shape.sent;
    this.initialAge = doubles[number + INITIAL_AGE] ?? 0;
    this.lifetime.seconds = doubles[number + LIFETIME] ?? 0;
    this.lifetime.source = shape.source;
    this.responseTime.wall = doubles[number + RESPONSE_WALL] ?? 0;
    this.responseTime.monotonic = doubles[number + RESPONSE_MONOTONIC] ?? 0;
    this.mark.position.epoch = shape.epoch;
    this.mark.position.seq = doubles[number + SEQ] ?? 0;
    this.mark.flushes = ints[word + FLUSHES] ?? 0;
    this.mark.invalidations = ints[word + INVALIDATIONS] ?? 0;
    this.keyRow = keyRow;
    this.softPurgedAt = softPurgedIn(extent, at);
    this.memory = extent.bytes;
    const lines = at + HEAD_BYTES + (ints[word + KEY] ?? 0);
    const stored = ints[word + LINES] ?? 0;
    const sent = ints[word + CLIENT_LINES] ?? 0;
    // The lines as they came stand before those that a client gets.
    this.linesAt = sent < 0 ? lines : lines + stored;
    this.linesEnd = lines + stored + Math.max(0, sent);
    this.ownAt = this.linesEnd + (ints[word + TAGS] ?? 0);
    this.bodyAt = this.ownAt + (ints[word + OWN] ?? 0);
    this.bodyEnd = this.bodyAt + (doubles[number + BODY] ?? 0);
    // Its encodings lie behind it.
    for (let name = 0; name < encodingNames.length; name += 1)
      this.bodyEnd -= Math.max(0, ints[word + ENCODINGS + name] ?? 0);
  }
}
