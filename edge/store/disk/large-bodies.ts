import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../../process/clock.ts";
import type { Leaving } from "../leaving.ts";
import type { FramePlace } from "./disk-index.ts";
import { checksumOf, type KeyHash, NO_MARK } from "./frame.ts";
import { MOST_WAITING } from "./frame-queue.ts";
import { soon } from "./patience.ts";
import type { PiecePlace } from "./piece-place.ts";
import { packed, placesOfBodies } from "./portable-responses.ts";
import { segmentSize } from "./segment.ts";
import type { SegmentLog } from "./segment-log.ts";

// As large as the pieces of a body in memory. A copy and its checksum take less than a millisecond.
const PIECE = 1024 * 1024;

/** Half of what may wait for the disk, so that others find room beside it. As much is written, and as much read, at a time. */
export const MOST_LARGE = MOST_WAITING / 2;

// So many of the smallest are read by a disk of 1 GB/s while all wait at most.
const LONGEST_LINE = 256;

export interface LargeResponses extends Leaving {
  readonly key: string;
  readonly hash: KeyHash;
  /** With the bodies. */
  readonly bytes: number;
}

interface Writing {
  /** What is written, as far as it has no places. */
  readonly checksum: number;
  isOvertaken: boolean;
}

interface ReadState {
  isGivenUp: boolean;
}

/** `no-room`: the disk takes no more now. */
export type LargeWritten = FramePlace | "no-room";

/** `evicted`: a piece had to make room for others. `damaged`: one is not as it was written. */
export type LargeRead = readonly Uint8Array[] | "evicted" | "not-now" | "damaged";

/**
 * Bodies that are too large to be copied in one turn of the event loop. They stand in frames of their own, before that of
 * their responses: so what a crash leaves of them is never found.
 */
export class LargeBodies {
  readonly #segments: SegmentLog;
  readonly #clock: Clock;
  readonly #most: number;
  /** By key. */
  readonly #writing = new Map<string, Writing>();
  readonly #unsettled = new Set<Promise<unknown>>();
  /** Of bodies that are being written, and are not in the queue of the disk yet. */
  #waiting = 0;
  #reading = 0;
  /** Reads that wait for their turn. */
  #inLine = 0;
  #freed = Promise.withResolvers<void>();

  /** `size`: bytes that all files may take. */
  constructor(segments: SegmentLog, size: number, clock: Clock) {
    this.#segments = segments;
    this.#clock = clock;
    this.#most = Math.min(MOST_LARGE, segmentSize(size) / 2);
  }

  /** Whether any is being written. */
  get isBusy(): boolean {
    return this.#writing.size > 0;
  }

  isWriting(key: string, checksum: number): boolean {
    return this.#writing.get(key)?.checksum === checksum;
  }

  /** Whether the queue of the disk takes so many bytes beside those that are on their way to it. */
  hasRoom(bytes: number): boolean {
    const waiting = this.#waiting + bytes;
    return (
      bytes <= this.#most && waiting <= MOST_LARGE && this.#segments.queueBytes + waiting <= MOST_WAITING
    );
  }

  /** What is being written under the key is not the response any more. */
  forget(key: string): void {
    const writing = this.#writing.get(key);
    if (writing === undefined) return;
    writing.isOvertaken = true;
    this.#writing.delete(key);
  }

  /**
   * Piece by piece, one in a turn. `checksum` names what is written. `ended` is called in the step in which it is there:
   * later it may have been forgotten. It is not called for what is forgotten before.
   */
  write(large: LargeResponses, checksum: number, ended: (written: LargeWritten) => void): void {
    const { key } = large;
    const writing: Writing = { checksum, isOvertaken: false };
    this.#writing.set(key, writing);
    const work = this.#write(large, writing, (written) => {
      this.#writing.delete(key);
      ended(written);
    });
    this.#unsettled.add(work);
    work.finally(() => this.#unsettled.delete(work));
  }

  async #write(
    { hash, mark, responses, bytes }: LargeResponses,
    writing: Writing,
    ended: (written: LargeWritten) => void,
  ): Promise<void> {
    const places: PiecePlace[] = [];
    let left = bytes;
    this.#waiting += left;
    try {
      for (const payload of piecesOf(responses.flatMap(({ ownBody }) => ownBody))) {
        await setImmediate();
        if (writing.isOvertaken) return;
        const checksum = checksumOf(payload);
        const place = this.#segments.append({ kind: "piece", hash, payload, mark: NO_MARK, checksum });
        if (place === undefined) {
          ended("no-room");
          return;
        }
        places.push({ ...place, checksum });
        left -= payload.byteLength;
        this.#waiting -= payload.byteLength;
      }
      const payload = packed(responses, places);
      ended(this.#segments.append({ kind: "responses", hash, payload, mark }) ?? "no-room");
    } finally {
      this.#waiting -= left;
    }
  }

  /** The pieces of the bodies of which this payload tells; none: they stand in it. */
  async read(payload: Buffer): Promise<LargeRead> {
    const places = placesOfBodies(payload);
    if (places.length === 0) return [];
    const state: ReadState = { isGivenUp: false };
    // The client waits meanwhile, and the origin may be faster.
    const read = await soon(this.#inTurn(places, state), this.#clock);
    state.isGivenUp = true;
    return read === "late" ? "not-now" : read;
  }

  async #inTurn(places: readonly PiecePlace[], state: ReadState): Promise<LargeRead> {
    const bytes = places.reduce((sum, { length }) => sum + length, 0);
    while (this.#reading > 0 && this.#reading + bytes > MOST_LARGE) {
      if (this.#inLine >= LONGEST_LINE) return "not-now";
      this.#inLine += 1;
      await this.#freed.promise;
      this.#inLine -= 1;
      if (state.isGivenUp) return "not-now";
    }
    this.#reading += bytes;
    try {
      const pieces: Uint8Array[] = [];
      for (const place of places) {
        const piece = await this.#segments.read(place);
        if (piece === "not-now" || state.isGivenUp) return "not-now";
        if (!this.#segments.segments.has(place.segment)) return "evicted";
        if (piece === undefined || checksumOf(piece) !== place.checksum) return "damaged";
        pieces.push(piece);
      }
      return pieces;
    } finally {
      this.#reading -= bytes;
      const freed = this.#freed;
      this.#freed = Promise.withResolvers();
      freed.resolve();
    }
  }

  /** Resolves when all that was given so far stands in the queue of the disk, or was given up. */
  async settled(): Promise<void> {
    await Promise.all(this.#unsettled);
  }
}

/** Of all but where the bodies lie: responses of one fill are the same. */
export function placelessChecksum(responses: Leaving["responses"]): number {
  const pieces = piecesOf(responses.flatMap(({ ownBody }) => ownBody));
  return checksumOf(
    packed(
      responses,
      pieces.map(({ byteLength }) => ({ segment: 0, offset: 0, length: byteLength, checksum: 0 })),
    ),
  );
}

/** No piece has bytes of two chunks. */
function piecesOf(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  return chunks.flatMap((chunk) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < chunk.byteLength; at += PIECE) pieces.push(chunk.subarray(at, at + PIECE));
    return pieces;
  });
}
