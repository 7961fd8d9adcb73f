import type { Hash } from "node:crypto";
import type { Clock } from "../../process/clock.ts";
import { inPieces } from "../store/own-memory.ts";
import { type ByteBudget, Charge } from "./byte-budget.ts";
import { LeftBehind, type Prefix, prefixHash } from "./left-behind.ts";

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

interface Reader {
  /** Number, counted from the body's first chunk, of the chunk it reads next. */
  next: number;
  /** Where in the body that chunk begins. */
  offset: number;
}

// How far a body that is not kept is read ahead of its fastest reader: enough to keep a fast link busy. As much
// may be held for slow readers even when the budget has nothing left.
const WINDOW = 1024 * 1024;

// How long readers that have read all there is wait for the slowest, before those in the rear are left behind.
const PATIENCE_MS = 1_000;

// What the engine needs beside its bytes for each chunk held: an origin that sends single bytes must pay for it.
const CHUNK_OVERHEAD = 128;

/**
 * One body from the origin, read once, for any number of readers that may join while it arrives.
 *
 * While it is kept (to be stored), it is read at the origin's speed and every reader sees it from the start.
 * A body that outgrows `keepLimit` or the budget is no longer kept: its head is dropped as the slowest reader
 * moves on, and the origin is read no more than a window ahead of the fastest. What lies between the two may grow
 * to `keepLimit`, as far as the budget allows; when it is full and holds up the fastest for longer than a moment,
 * the readers in the rear half of it are left behind. When its last reader leaves, a kept body goes on to its end,
 * so that the next request finds it stored; one that is not kept is cancelled.
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
  readonly #charge: Charge;
  #kept: boolean;
  #finished: BodyEnd | undefined;
  /** The number of the chunk that the fastest reader reads next, and where it begins. */
  #lead = 0;
  #leadBytes = 0;
  /** Of all that was dropped; undefined while nothing was, and when there is only one reader to the end. */
  #hash: Hash | undefined;
  /** By number of the next chunk: what a reader that was left behind there has had. */
  readonly #prefixes = new Map<number, Prefix>();
  /** Wakes the readers: a chunk has come, or the end. */
  #changed = Promise.withResolvers<void>();
  /** Wakes the pump: a reader has moved or left. */
  #moved = Promise.withResolvers<void>();

  /** `length` is the body's, where it is known: one that is longer than `keepLimit` is not kept from the start. */
  constructor(
    source: AsyncIterable<Uint8Array>,
    budget: ByteBudget,
    keepLimit: number,
    clock: Clock,
    length = 0,
  ) {
    this.#source = source[Symbol.asyncIterator]();
    this.#budget = budget;
    this.#charge = new Charge(budget);
    this.#keepLimit = keepLimit;
    this.#clock = clock;
    this.#kept = length <= keepLimit;
    this.end = this.#pump();
  }

  /** Whether it is going to be stored, as far as is known by now. */
  get kept(): boolean {
    return this.#kept;
  }

  /** Whether a new reader can still see it from the first byte. */
  get joinable(): boolean {
    return this.#dropped === 0 && this.#finished?.kind !== "failed";
  }

  /**
   * A seat at the body from its first byte on; the head is not dropped from under it. It must be read or left.
   * `read` gives the body from byte `from` on; it throws what the origin threw, or LeftBehind. Leaving its loop
   * leaves the seat.
   */
  join(): Seat {
    const reader: Reader = { next: 0, offset: 0 };
    this.#readers.add(reader);
    if (this.#dropped === 0) this.#atHead += 1;
    return { read: (from) => this.#readAs(reader, from), leave: () => this.#leave(reader) };
  }

  async *#readAs(reader: Reader, from: number): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (reader.next < this.#dropped)
          throw new LeftBehind(Math.max(from, reader.offset), this.#prefixes.get(reader.next));
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
    this.#leadWith(reader);
    this.#release();
  }

  #leadWith({ next, offset }: Reader): void {
    if (next < this.#lead) return;
    this.#lead = next;
    this.#leadBytes = offset;
  }

  #leave(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    if (reader.next === this.#dropped) this.#atHead -= 1;
    if (reader.next === this.#lead) {
      this.#lead = 0;
      this.#leadBytes = 0;
      for (const other of this.#readers) this.#leadWith(other);
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
    this.#finished = ending;
    // What is kept is the store's from now on; the rest is charged for as long as somebody has to read it.
    if (this.#kept || this.#readers.size === 0) this.#charge.giveAll();
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

  /** Waits until the fastest reader wants more, and there is room for it, or room has been made. */
  async #windowOpen(): Promise<void> {
    let heldUpSince: number | undefined;
    while (!this.#kept && this.#readers.size > 0) {
      const ahead = this.#droppedBytes + this.#held - this.#leadBytes;
      if (ahead >= WINDOW || (ahead > 0 && this.#full)) {
        heldUpSince = undefined;
        await this.#moved.promise;
        continue;
      }
      if (!this.#full) return;
      const now = this.#clock.monotonic();
      heldUpSince ??= now;
      const left = heldUpSince + PATIENCE_MS - now;
      if (left <= 0) this.#leaveRearBehind();
      else await this.#movedWithin(left);
    }
  }

  /** Whether no more may be held for slow readers. */
  get #full(): boolean {
    return this.#held >= WINDOW && (this.#held >= this.#keepLimit || this.#budget.left < WINDOW);
  }

  async #movedWithin(ms: number): Promise<void> {
    const alarm = new AbortController();
    const expired = this.#clock.wait(ms, alarm.signal).catch(() => undefined);
    await Promise.race([this.#moved.promise, expired]);
    alarm.abort();
  }

  #append(chunk: Uint8Array): void {
    const fits = this.#held + chunk.byteLength <= this.#keepLimit;
    // A body that is not kept may hold a window more than it could charge.
    if (!this.#charge.take(costOf(chunk)) || !fits) this.#kept = false;
    this.#chunks.push(chunk);
    this.#held += chunk.byteLength;
    this.#announce();
    this.#release();
  }

  /** Half of what is held, so that one such moment is followed by a long time without another. */
  #leaveRearBehind(): void {
    let [next, held] = [this.#dropped, this.#held];
    for (const chunk of this.#chunks) {
      if (held <= this.#held / 2) break;
      held -= chunk.byteLength;
      next += 1;
    }
    this.#dropTo(next);
  }

  /** Drops what every reader has passed, unless the body is kept; and lets the pump look again. */
  #release(): void {
    if (!this.#kept && this.#atHead === 0) {
      const arrived = this.#dropped + this.#chunks.length;
      this.#dropTo(Math.min(arrived, Math.max(this.#slowest(), this.#dropped)));
    }
    const moved = this.#moved;
    this.#moved = Promise.withResolvers();
    moved.resolve();
  }

  #dropTo(next: number): void {
    if (next > this.#dropped && this.#dropped === 0 && this.#readers.size > 1) this.#hash = prefixHash();
    const slowest = this.#slowest();
    for (const chunk of this.#chunks.splice(0, next - this.#dropped)) {
      if (slowest <= this.#dropped) this.#notePrefix();
      this.#hash?.update(chunk);
      this.#charge.give(costOf(chunk));
      this.#held -= chunk.byteLength;
      this.#droppedBytes += chunk.byteLength;
      this.#dropped += 1;
    }
    this.#atHead = 0;
    for (const reader of this.#readers) if (reader.next === this.#dropped) this.#atHead += 1;
  }

  /** The next chunk of the slowest reader that is not left behind. The last chunk dropped may still be in use. */
  #slowest(): number {
    let slowest = Number.POSITIVE_INFINITY;
    for (const { next } of this.#readers) if (next >= this.#dropped - 1) slowest = Math.min(slowest, next);
    return slowest;
  }

  #notePrefix(): void {
    const digest = this.#hash?.copy().digest("base64");
    if (digest !== undefined) this.#prefixes.set(this.#dropped, { length: this.#droppedBytes, digest });
  }

  #announce(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}

function costOf(chunk: Uint8Array): number {
  return chunk.byteLength + CHUNK_OVERHEAD;
}
