import type { Clock } from "../../process/clock.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** How the arrival of a shared body ended. */
export type BodyEnd =
  /** Whole and kept: it may be stored. */
  | { readonly kind: "complete"; readonly chunks: readonly Uint8Array[]; readonly length: number }
  /** It outgrew what may be kept; it went to its readers only. */
  | { readonly kind: "not-kept" }
  | { readonly kind: "failed"; readonly error: unknown };

/** One reader's place at a shared body. */
export interface Seat {
  read(from: number): AsyncIterable<Uint8Array>;
  leave(): void;
}

/** The reader was too slow for the others: what it has still to read, from byte `offset` on, is held no more. */
export class LeftBehind extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super(`left behind at byte ${offset}`);
    this.offset = offset;
  }
}

interface Reader {
  /** Number, counted from the body's first chunk, of the chunk it reads next. */
  next: number;
  /** Where in the body that chunk begins. */
  offset: number;
}

// How much of a body that is not kept may be held for its slowest reader: enough to keep a fast link busy.
const WINDOW = 1024 * 1024;

// How long readers that have read all there is wait for the slowest, before it is left behind.
const PATIENCE_MS = 1_000;

// What the engine needs beside its bytes for each chunk held: an origin that sends single bytes must pay for it.
const CHUNK_OVERHEAD = 128;

/**
 * One body from the origin, read once, for any number of readers that may join while it arrives.
 *
 * While it is kept (to be stored), it is read at the origin's speed and every reader sees it from the start.
 * A body that outgrows `keepLimit` or the budget is no longer kept: its head is dropped as the slowest reader
 * moves on, and the origin is read no more than a window ahead. A reader that holds up the others for longer
 * than a moment is left behind. When its last reader leaves, a kept body goes on to its end, so that the next
 * request finds it stored; one that is not kept is cancelled.
 */
export class SharedBody {
  readonly end: Promise<BodyEnd>;

  readonly #source: AsyncIterator<Uint8Array>;
  readonly #budget: ByteBudget;
  readonly #keepLimit: number;
  readonly #clock: Clock;
  readonly #readers = new Set<Reader>();
  /** Chunks held; the first of them has the number `#dropped` and begins at byte `#droppedBytes`. */
  #chunks: Uint8Array[] = [];
  #dropped = 0;
  #droppedBytes = 0;
  #held = 0;
  /** Readers that have not passed the first chunk held: while there is one, nothing can be dropped. */
  #atHead = 0;
  #budgeted = 0;
  #kept = true;
  #finished: BodyEnd | undefined;
  /** The number of the chunk that the fastest reader reads next. */
  #lead = 0;
  /** Wakes the readers: a chunk has come, or the end. */
  #changed = Promise.withResolvers<void>();
  /** Wakes the pump: a reader has moved or left. */
  #moved = Promise.withResolvers<void>();

  constructor(source: AsyncIterable<Uint8Array>, budget: ByteBudget, keepLimit: number, clock: Clock) {
    this.#source = source[Symbol.asyncIterator]();
    this.#budget = budget;
    this.#keepLimit = keepLimit;
    this.#clock = clock;
    this.end = this.#pump();
  }

  /** Whether a new reader can still see it from the first byte. */
  get joinable(): boolean {
    return this.#dropped === 0 && this.#finished?.kind !== "failed";
  }

  /**
   * A seat at the body from now on: nothing that its holder has still to read is dropped. It must be read or left.
   * `read` gives the body from byte `from` on; it throws what the origin threw, or LeftBehind. Leaving its loop
   * leaves the seat.
   */
  join(): Seat {
    const reader: Reader = { next: this.#dropped, offset: this.#droppedBytes };
    this.#readers.add(reader);
    this.#atHead += 1;
    return { read: (from) => this.#readAs(reader, from), leave: () => this.#leave(reader) };
  }

  async *#readAs(reader: Reader, from: number): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (reader.next < this.#dropped) throw new LeftBehind(Math.max(from, reader.offset));
        const chunk = this.#chunks[reader.next - this.#dropped];
        if (chunk !== undefined) {
          const skip = from - reader.offset;
          if (skip < chunk.byteLength) yield skip > 0 ? chunk.subarray(skip) : chunk;
          this.#step(reader, chunk.byteLength);
        } else if (this.#finished === undefined) await this.#changed.promise;
        else if (this.#finished.kind === "failed") throw this.#finished.error;
        else return;
      }
    } finally {
      this.#leave(reader);
    }
  }

  #step(reader: Reader, bytes: number): void {
    if (reader.next === this.#dropped) this.#atHead -= 1;
    reader.next += 1;
    reader.offset += bytes;
    if (reader.next === this.#dropped) this.#atHead += 1;
    this.#lead = Math.max(this.#lead, reader.next);
    this.#release();
  }

  #leave(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    if (reader.next === this.#dropped) this.#atHead -= 1;
    if (reader.next === this.#lead) {
      this.#lead = 0;
      for (const { next } of this.#readers) this.#lead = Math.max(this.#lead, next);
    }
    this.#release();
  }

  async #pump(): Promise<BodyEnd> {
    let ending: BodyEnd;
    try {
      ending = await this.#readToEnd();
    } catch (error) {
      ending = { kind: "failed", error };
    }
    this.#budget.give(this.#budgeted);
    this.#budgeted = 0;
    this.#finished = ending;
    this.#announce();
    return ending;
  }

  async #readToEnd(): Promise<BodyEnd> {
    for (;;) {
      await this.#windowOpen();
      if (!this.#kept && this.#readers.size === 0) {
        await this.#source.return?.();
        return { kind: "not-kept" };
      }
      const next = await this.#source.next();
      if (next.done === true) {
        if (!this.#kept) return { kind: "not-kept" };
        return { kind: "complete", chunks: inPieces(this.#chunks, this.#held), length: this.#held };
      }
      if (next.value.byteLength > 0) this.#append(next.value);
    }
  }

  /** Waits until the slowest reader has made room, or has been left behind. */
  async #windowOpen(): Promise<void> {
    let heldUpSince: number | undefined;
    while (!this.#kept && this.#readers.size > 0 && this.#held >= WINDOW) {
      if (this.#lead < this.#dropped + this.#chunks.length) {
        heldUpSince = undefined;
        await this.#moved.promise;
        continue;
      }
      const now = this.#clock.monotonic();
      heldUpSince ??= now;
      const left = heldUpSince + PATIENCE_MS - now;
      if (left <= 0) this.#dropTo(this.#lead);
      else await this.#movedWithin(left);
    }
  }

  async #movedWithin(ms: number): Promise<void> {
    const alarm = new AbortController();
    const expired = this.#clock.wait(ms, alarm.signal).catch(() => undefined);
    await Promise.race([this.#moved.promise, expired]);
    alarm.abort();
  }

  #append(chunk: Uint8Array): void {
    if (this.#kept) this.#keep(chunk);
    this.#chunks.push(chunk);
    this.#held += chunk.byteLength;
    this.#announce();
    this.#release();
  }

  #keep(chunk: Uint8Array): void {
    const cost = chunk.byteLength + CHUNK_OVERHEAD;
    if (this.#held + chunk.byteLength <= this.#keepLimit && this.#budget.take(cost)) {
      this.#budgeted += cost;
      return;
    }
    this.#kept = false;
    this.#budget.give(this.#budgeted);
    this.#budgeted = 0;
  }

  /** Drops what every reader has passed, unless the body is kept; and lets the pump look again. */
  #release(): void {
    if (!this.#kept && this.#atHead === 0) {
      let slowest = this.#dropped + this.#chunks.length;
      for (const { next } of this.#readers) slowest = Math.min(slowest, Math.max(next, this.#dropped));
      this.#dropTo(slowest);
    }
    const moved = this.#moved;
    this.#moved = Promise.withResolvers();
    moved.resolve();
  }

  #dropTo(next: number): void {
    for (const chunk of this.#chunks.splice(0, next - this.#dropped)) {
      this.#held -= chunk.byteLength;
      this.#droppedBytes += chunk.byteLength;
      this.#dropped += 1;
    }
    this.#atHead = 0;
    for (const reader of this.#readers) if (reader.next === this.#dropped) this.#atHead += 1;
  }

  #announce(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}

// A small body becomes one piece, which a hit writes in one call; a large one is never copied in one go.
const PIECE = 1024 * 1024;

/**
 * The same bytes in pieces of their own memory: a chunk from a socket is often a view of a larger slab, and
 * storing the view would keep the slab.
 */
function inPieces(chunks: readonly Uint8Array[], length: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let piece = new Uint8Array(Math.min(PIECE, length));
  let filled = 0;
  let left = length;
  for (const chunk of chunks) {
    let offset = 0;
    while (offset < chunk.byteLength) {
      const part = chunk.subarray(offset, offset + piece.byteLength - filled);
      piece.set(part, filled);
      filled += part.byteLength;
      offset += part.byteLength;
      left -= part.byteLength;
      if (filled === piece.byteLength) {
        pieces.push(piece);
        piece = new Uint8Array(Math.min(PIECE, left));
        filled = 0;
      }
    }
  }
  return pieces;
}
