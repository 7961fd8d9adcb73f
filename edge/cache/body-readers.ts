import type { ChunkWindow } from "./chunk-window.ts";

/** Where a reader is. */
export interface Place {
  /** The number of the chunk that it reads next. */
  next: number;
  /** Where in the body that chunk begins. */
  offset: number;
}

const START: Readonly<Place> = { next: 0, offset: 0 };

/** The places of all readers of one body, compared with the part of it that is in memory. */
export class BodyReaders {
  readonly #window: Pick<ChunkWindow, "first">;
  readonly #places = new Set<Place>();
  #atHead = 0;
  #lead = START;

  constructor(window: Pick<ChunkWindow, "first">) {
    this.#window = window;
  }

  get size(): number {
    return this.#places.size;
  }

  /** Where the fastest one is. */
  get lead(): Readonly<Place> {
    return this.#lead;
  }

  /** Whether a reader still needs the first chunk held. Then no chunk can be dropped. */
  get needHead(): boolean {
    return this.#atHead > 0;
  }

  /** One that reads from the body's first byte on. The head is not dropped before it has read that. */
  add(): Place {
    const place = { ...START };
    this.#places.add(place);
    if (this.#isAtHead(place)) this.#atHead += 1;
    return place;
  }

  /** It has read a chunk of so many bytes. */
  step(place: Place, bytes: number): void {
    if (this.#isAtHead(place)) this.#atHead -= 1;
    place.next += 1;
    place.offset += bytes;
    if (this.#isAtHead(place)) this.#atHead += 1;
    this.#leadWith(place);
  }

  /** Returns whether it was there. */
  remove(place: Place): boolean {
    if (!this.#places.delete(place)) return false;
    if (this.#isAtHead(place)) this.#atHead -= 1;
    if (place.next === this.#lead.next) {
      this.#lead = START;
      for (const other of this.#places) this.#leadWith(other);
    }
    return true;
  }

  /** Chunks have left the window. */
  headDropped(): void {
    this.#atHead = 0;
    for (const place of this.#places) if (this.#isAtHead(place)) this.#atHead += 1;
  }

  /** The next chunk of the slowest one that is not dropped. The last chunk dropped may still be in use. */
  get slowest(): number {
    let slowest = Number.POSITIVE_INFINITY;
    for (const { next } of this.#places)
      if (next >= this.#window.first - 1) slowest = Math.min(slowest, next);
    return slowest;
  }

  #isAtHead({ next }: Place): boolean {
    return next === this.#window.first;
  }

  #leadWith({ next, offset }: Place): void {
    if (next >= this.#lead.next) this.#lead = { next, offset };
  }
}
