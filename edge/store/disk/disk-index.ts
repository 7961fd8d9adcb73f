import type { KeyHash } from "./frame.ts";

/** Where a frame lies. */
export interface FramePlace {
  readonly segment: number;
  /** Of its head, in bytes from the begin of the segment. */
  readonly offset: number;
  /** Bytes of its payload. */
  readonly length: number;
}

// The words of a row. A row without a segment is free.
const HIGH = 0;
const LOW = 1;
const SEGMENT = 2;
/** In units of 8 bytes. */
const OFFSET = 3;
const LENGTH = 4;
const CHECKSUM = 5;
const WORDS = 6;
const UNIT = 8;

const LEAST_ROWS = 1_024;
// Above three quarters, searches of an open table become long.
const FULL = 0.75;
// How many rows are moved to a larger table with each change: it is empty of the old ones before it is full again.
const MOVED_AT_ONCE = 64;

interface Table {
  readonly words: Uint32Array;
  readonly mask: number;
}

/**
 * Where on disk the responses of each key lie: 24 bytes a row, 32 to 64 a key. It finds keys by 64 bits of their hash, so
 * who reads a frame compares the key. It grows in steps, so that no change takes long.
 */
export class DiskIndex {
  #table: Table;
  #size = 0;
  /** The table from before it grew, and the row up to which it has been moved. */
  #old: { readonly table: Table; moved: number } | undefined;
  /** One that is on its way to a table. */
  readonly #row = new Uint32Array(WORDS);

  /** `keys`: so many are expected. */
  constructor(keys = 0) {
    this.#table = newTable(2 ** Math.ceil(Math.log2(Math.max(LEAST_ROWS, keys / FULL))));
  }

  /** Keys. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.#table.words.byteLength + (this.#old?.table.words.byteLength ?? 0);
  }

  find(hash: KeyHash): (FramePlace & { readonly checksum: number }) | undefined {
    const table = this.#tableWith(hash);
    if (table === undefined) return undefined;
    const row = rowOf(table, hash);
    const of = (column: number): number => table.words[row + column] ?? 0;
    return {
      segment: of(SEGMENT),
      offset: of(OFFSET) * UNIT,
      length: of(LENGTH),
      checksum: of(CHECKSUM),
    };
  }

  set(hash: KeyHash, { segment, offset, length }: FramePlace, checksum: number): void {
    this.#moveSome();
    this.remove(hash);
    if ((this.#size + 1) * WORDS > this.#table.words.length * FULL) this.#grow();
    const row = this.#row;
    row[HIGH] = hash.high;
    row[LOW] = hash.low;
    row[SEGMENT] = segment;
    row[OFFSET] = offset / UNIT;
    row[LENGTH] = length;
    row[CHECKSUM] = checksum;
    put(this.#table, row);
    this.#size += 1;
  }

  /** Returns whether it was there. `only`: only if it lies there. */
  remove(hash: KeyHash, only?: Pick<FramePlace, "segment" | "offset">): boolean {
    const table = this.#tableWith(hash);
    if (table === undefined) return false;
    const row = rowOf(table, hash);
    const { words } = table;
    const isThere =
      only === undefined ||
      (words[row + SEGMENT] === only.segment && (words[row + OFFSET] ?? 0) * UNIT === only.offset);
    if (!isThere) return false;
    take(table, row);
    this.#size -= 1;
    return true;
  }

  #tableWith(hash: KeyHash): Table | undefined {
    if (rowOf(this.#table, hash) !== -1) return this.#table;
    const old = this.#old?.table;
    return old !== undefined && rowOf(old, hash) !== -1 ? old : undefined;
  }

  #grow(): void {
    while (this.#old !== undefined) this.#moveSome();
    this.#old = { table: this.#table, moved: 0 };
    this.#table = newTable((2 * this.#table.words.length) / WORDS);
  }

  #moveSome(): void {
    const old = this.#old;
    if (old === undefined) return;
    const { words } = old.table;
    for (let steps = 0; steps < MOVED_AT_ONCE && old.moved < words.length; steps += 1) {
      // What is taken out may bring another row to the same place.
      if (words[old.moved + SEGMENT] === 0) {
        old.moved += WORDS;
        continue;
      }
      for (let column = 0; column < WORDS; column += 1) this.#row[column] = words[old.moved + column] ?? 0;
      take(old.table, old.moved);
      put(this.#table, this.#row);
    }
    // Nothing lies behind the row up to which it has been moved: what is taken out brings up rows that follow.
    if (old.moved >= words.length) this.#old = undefined;
  }
}

function newTable(rows: number): Table {
  return { words: new Uint32Array(rows * WORDS), mask: rows - 1 };
}

/** The word at which the row begins; -1: it is not there. */
function rowOf({ words, mask }: Table, { high, low }: KeyHash): number {
  for (let row = (low & mask) * WORDS; ; row = ((row / WORDS + 1) & mask) * WORDS) {
    if (words[row + SEGMENT] === 0) return -1;
    if (words[row + LOW] === low && words[row + HIGH] === high) return row;
  }
}

function put({ words, mask }: Table, values: Uint32Array): void {
  let row = ((values[LOW] ?? 0) & mask) * WORDS;
  while (words[row + SEGMENT] !== 0) row = ((row / WORDS + 1) & mask) * WORDS;
  words.set(values, row);
}

/** Moves up what would not be found any more behind a free row. */
function take({ words, mask }: Table, taken: number): void {
  let free = taken;
  words.fill(0, free, free + WORDS);
  for (let row = next(free, mask); words[row + SEGMENT] !== 0; row = next(row, mask)) {
    const home = ((words[row + LOW] ?? 0) & mask) * WORDS;
    // Whether its home lies in the stretch between the free row and it, in the circle of rows.
    const stays = free < row ? free < home && home <= row : free < home || home <= row;
    if (stays) continue;
    words.copyWithin(free, row, row + WORDS);
    words.fill(0, row, row + WORDS);
    free = row;
  }
}

function next(row: number, mask: number): number {
  return ((row / WORDS + 1) & mask) * WORDS;
}
