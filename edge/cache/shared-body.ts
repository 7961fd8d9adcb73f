import type { Hash } from "node:crypto";
import type { Clock } from "../../process/clock.ts";
import { inPieces } from "../store/body-pieces.ts";
import { BodyReaders, type Place } from "./body-readers.ts";
import { type ArrivingBody, BodySource } from "./body-source.ts";
import { type ByteBudget, Charge } from "./byte-budget.ts";
import { bytesFrom, ChunkWindow } from "./chunk-window.ts";
import type { BodyEnd, FillBody, Reader } from "./fill-body.ts";
import { Lagged, type Prefix, prefixHash } from "./lagged.ts";

// How far a body that is not kept is read ahead of its fastest reader: enough to keep a fast link busy. This much
// may be held for slow readers even when the budget is used up.
const WINDOW = 1024 * 1024;
// The same when the budget is used up: many bodies at once must not hold a window each.
const NARROW = 64 * 1024;

// How long the fastest reader waits for the slowest ones before they are dropped.
const PATIENCE_MS = 1_000;

/**
 * One body from the origin, read once, for any number of readers that may join while it arrives.
 *
 * While it is kept (to be stored), it is read at the origin's speed, and every reader sees it from the start.
 *
 * A body that outgrows `keepLimit` or the budget is no longer kept. Its head is dropped as the slowest reader moves on,
 * and the origin is read no more than a window ahead of the fastest. The bytes between the two may grow to `keepLimit`,
 * as far as the budget allows. When they have, and the fastest reader has waited for a moment, the readers in the
 * slowest half of these bytes are dropped: they get Lagged.
 *
 * When its last reader leaves, a kept body goes on for a while, so that the next request finds it stored, or joins.
 * One that is not kept, or does not end in that time, is cancelled.
 */
export class SharedBody implements FillBody {
  readonly whole = undefined;
  readonly end: Promise<BodyEnd>;

  readonly #source: BodySource;
  readonly #budget: ByteBudget;
  readonly #charge: Charge;
  readonly #window: ChunkWindow;
  readonly #keepLimit: number;
  readonly #clock: Clock;
  readonly #readers: BodyReaders;
  #kept: boolean;
  #finished: BodyEnd | undefined;
  /** Of all bytes dropped; undefined while none was, and when there is only one reader to the end. */
  #hash: Hash | undefined;
  /** By number of the next chunk: the bytes that a reader dropped there has had. */
  readonly #prefixes = new Map<number, Prefix>();
  /** Wakes the readers: a chunk has come, or the end. */
  #changed = Promise.withResolvers<void>();
  /** Wakes the pump: a reader has moved or left. */
  #moved = Promise.withResolvers<void>();

  /** A body that is longer than `keepLimit` is not kept from the start. */
  constructor(arriving: ArrivingBody, budget: ByteBudget, keepLimit: number, clock: Clock) {
    this.#source = new BodySource(arriving, clock);
    this.#budget = budget;
    this.#charge = new Charge(budget);
    this.#window = new ChunkWindow(this.#charge);
    this.#readers = new BodyReaders(this.#window);
    this.#keepLimit = keepLimit;
    this.#clock = clock;
    this.#kept = (arriving.length ?? 0) <= keepLimit;
    if (this.#kept) this.#source.gather();
    this.end = this.#pump();
  }

  /** Whether the body is still expected to be stored. */
  get kept(): boolean {
    return this.#kept;
  }

  /** Whether a new reader can still read the body from the first byte. */
  get joinable(): boolean {
    return this.#window.first === 0 && this.#finished?.kind !== "failed";
  }

  /** A reader from the body's first byte on. The head is not dropped before it has read that. */
  join(): Reader {
    const place = this.#readers.add();
    this.#source.keep();
    return {
      read: (from) => this.#readAt(place, from),
      leave: (patienceMs) => this.#leave(place, patienceMs),
    };
  }

  async *#readAt(place: Place, from: number): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#finished?.kind === "complete") {
          yield* bytesFrom(this.#finished.chunks, Math.max(from, place.offset));
          return;
        }
        if (place.next < this.#window.first)
          throw new Lagged(Math.max(from, place.offset), this.#prefixes.get(place.next));
        const chunk = this.#window.at(place.next);
        if (chunk !== undefined) {
          const skip = from - place.offset;
          if (skip < chunk.byteLength) yield skip > 0 ? chunk.subarray(skip) : chunk;
          this.#readers.step(place, chunk.byteLength);
          this.#release();
        } else if (this.#finished === undefined) await this.#changed.promise;
        else if (this.#finished.kind === "failed") throw this.#finished.error;
        else return;
      }
    } finally {
      this.#leave(place);
    }
  }

  #leave(place: Place, patienceMs?: number): void {
    if (!this.#readers.remove(place)) return;
    this.#release();
    this.#settle();
    if (this.#readers.size === 0 && this.#finished === undefined) {
      void this.#source.abandon(this.#kept ? patienceMs : 0);
    }
  }

  async #pump(): Promise<BodyEnd> {
    let ending: BodyEnd;
    try {
      ending = await this.#readToEnd();
    } catch (error) {
      ending = { kind: "failed", error };
    }
    this.#finished = ending;
    this.#source.keep();
    // Readers go on with the bytes that may be stored, so that they are in memory once.
    if (ending.kind === "complete") this.#window.clear();
    this.#settle();
    this.#announce();
    return ending;
  }

  /** A body is charged for as long as it has readers: the store may have dropped its bytes, and they hold them. */
  #settle(): void {
    if (this.#finished !== undefined && this.#readers.size === 0) this.#charge.giveAll();
  }

  async #readToEnd(): Promise<BodyEnd> {
    const source = this.#source.chunks();
    for (;;) {
      await this.#windowOpen();
      if (!this.#kept && this.#readers.size === 0) {
        await source.return?.();
        return { kind: "not-kept" };
      }
      const next = await source.next();
      if (next.done === true) {
        if (!this.#kept) return { kind: "not-kept" };
        const { chunks, bytes } = this.#window;
        return { kind: "complete", chunks: inPieces(chunks, bytes), length: bytes };
      }
      if (next.value.byteLength > 0) this.#append(next.value);
    }
  }

  /** Waits until the fastest reader wants more, and there is room for it, or room has been made. */
  async #windowOpen(): Promise<void> {
    let heldUpSince: number | undefined;
    while (!this.#kept && this.#readers.size > 0) {
      const ahead = this.#window.offset + this.#window.bytes - this.#readers.lead.offset;
      if (ahead >= this.#reach || (ahead > 0 && this.#full)) {
        heldUpSince = undefined;
        await this.#moved.promise;
        continue;
      }
      if (!this.#full) return;
      const now = this.#clock.monotonic();
      heldUpSince ??= now;
      const left = heldUpSince + PATIENCE_MS - now;
      if (left <= 0) this.#dropSlowestHalf();
      else await this.#movedWithin(left);
    }
  }

  /** Whether the limit on bytes held for slow readers is reached. */
  get #full(): boolean {
    const { bytes } = this.#window;
    return bytes >= this.#reach && (bytes >= this.#keepLimit || this.#budget.left < WINDOW);
  }

  get #reach(): number {
    return this.#budget.left < WINDOW ? NARROW : WINDOW;
  }

  async #movedWithin(ms: number): Promise<void> {
    const alarm = new AbortController();
    const expired = this.#clock.wait(ms, alarm.signal).catch(() => undefined);
    await Promise.race([this.#moved.promise, expired]);
    alarm.abort();
  }

  #append(chunk: Uint8Array): void {
    // A body that is not kept may hold a window more than it could charge.
    const charged = this.#window.append(chunk);
    if (this.#kept && (!charged || this.#window.bytes > this.#keepLimit)) {
      this.#kept = false;
      this.#source.scatter();
    }
    this.#announce();
    this.#release();
  }

  /** Half of the bytes held, so that one such moment is followed by a long time without another. */
  #dropSlowestHalf(): void {
    this.#dropTo(this.#window.middle);
  }

  /** Drops what every reader has passed, unless the body is kept; and lets the pump look again. */
  #release(): void {
    if (!this.#kept && !this.#readers.needHead) {
      const { first, end } = this.#window;
      this.#dropTo(Math.min(end, Math.max(this.#readers.slowest, first)));
    }
    const moved = this.#moved;
    this.#moved = Promise.withResolvers();
    moved.resolve();
  }

  #dropTo(next: number): void {
    if (next > this.#window.first && this.#window.first === 0 && this.#readers.size > 1)
      this.#hash = prefixHash();
    const slowest = this.#readers.slowest;
    this.#window.dropTo(next, (chunk) => {
      if (slowest <= this.#window.first) this.#notePrefix();
      this.#hash?.update(chunk);
    });
    this.#readers.headDropped();
  }

  #notePrefix(): void {
    const digest = this.#hash?.copy().digest("base64");
    const { first, offset } = this.#window;
    if (digest !== undefined) this.#prefixes.set(first, { length: offset, digest });
  }

  #announce(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}
