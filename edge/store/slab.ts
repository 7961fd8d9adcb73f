import type { OnPiece } from "./rows.ts";

/** Blocks are multiples of this: addresses count in it, and the numbers of a record lie on their own boundaries. */
const UNIT = 16;
const WORD = 4;
const EXTENT_UNITS = 2 ** 16;
const EXTENT = UNIT * EXTENT_UNITS;

// 13 of the largest blocks fill an extent with little left over. What is larger has an extent of its own.
const LARGEST_BLOCK = 80_656;

const LEAST_BLOCK = 128;
// Blocks are up to 1/8 larger than the next smaller ones, so that some 6 % of a block are not used.
const STEPS_A_DOUBLING = 8;

/** The sizes of blocks, ascending. */
const SIZES: readonly number[] = blockSizes();

// So many empty extents are kept for the next blocks. Others go back to the system.
const MOST_SPARE = 4;

/** What a freed block is filled with where that is asked for: nothing that a record or a body begins with. */
const POISON = 0xdb;

/** Memory that is cut into blocks of one size. */
export interface Extent {
  readonly bytes: Buffer;
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
}

// Freed blocks may be an eighth of those in use, and some MiB, before they are brought together. Less would mean to copy
// more for each byte that comes free.
const FREED_SHARE = 8;
const FREED = 4 * EXTENT;

interface HeldExtent extends Extent {
  readonly number: number;
  readonly size: number;
  /** Which of the sizes; -1: one block fills it. */
  readonly kind: number;
  live: number;
  /** Where the part that was never used begins. */
  top: number;
  /** The first freed block, 0: none. Each names the next in its first word. */
  free: number;
  isOpen: boolean;
}

/** What a slab does beside giving blocks. */
export interface SlabOptions {
  /** Without it, no block is ever moved. */
  readonly moved?: Moved | undefined;
  /** Overwrites freed blocks. */
  readonly poisons?: boolean | undefined;
  /** With it, extents never go back to the system: another thread may be about to read in one. */
  readonly onPiece?: OnPiece | undefined;
}

/** Learns that the block of an owner has another address. */
export type Moved = (owner: number, address: number) => void;

/**
 * Memory for records: blocks of some seventy sizes, cut from extents of 1 MiB. An address is never 0. A freed block is
 * used again at once, so a reader must have copied what it needs, or check the version of what it has read.
 *
 * Word 0 of a block belongs to the slab. It names the owner while the block is in use, and else, below 0, the next freed
 * block of the extent. When many blocks are free in extents that are not empty, the blocks in use are brought together,
 * an extent at a time, so that others go back to the system.
 */
export class Slab {
  readonly #extents: (HeldExtent | undefined)[] = [undefined];
  readonly #numbers: number[] = [];
  readonly #spare: (Extent & { readonly number: number })[] = [];
  /** By kind, the extents that have room. */
  readonly #open: HeldExtent[][] = SIZES.map(() => []);
  /** By kind, bytes of freed blocks. */
  readonly #freedOf: number[] = SIZES.map(() => 0);
  readonly #options: SlabOptions;
  #held = 0;
  #used = 0;
  #freed = 0;

  constructor(options: SlabOptions = {}) {
    this.#options = options;
  }

  /** Bytes of all extents in use. */
  get held(): number {
    return this.#held;
  }

  /** `owner`: above 0. */
  take(length: number, owner: number): number {
    const kind = kindOf(length);
    const extent = kind === -1 ? this.#ownExtent(length) : (this.#open[kind]?.at(-1) ?? this.#opened(kind));
    return this.#takeFrom(extent, owner);
  }

  #takeFrom(extent: HeldExtent, owner: number): number {
    const { size, kind, ints } = extent;
    let at = extent.free;
    if (at !== 0) {
      extent.free = -(ints[at >> 2] ?? 0);
      this.#noteFreed(kind, -size);
    } else {
      at = extent.top;
      extent.top += size;
    }
    ints[at >> 2] = owner;
    extent.live += 1;
    this.#used += size;
    if (extent.free === 0 && extent.top + size > EXTENT && extent.isOpen) this.#unlist(extent);
    return addressOf(extent, at);
  }

  give(address: number): void {
    this.#free(this.#extentAt(address), offsetOf(address));
    const { moved } = this.#options;
    if (moved !== undefined && this.#freed > this.#used / FREED_SHARE + FREED) this.#compact(moved);
  }

  #free(extent: HeldExtent, at: number): void {
    const { kind, size, bytes, ints } = extent;
    if (this.#options.poisons === true) bytes.fill(POISON, at, at + size);
    ints[at >> 2] = -extent.free;
    extent.free = at;
    extent.live -= 1;
    this.#used -= size;
    this.#noteFreed(kind, size);
    if (extent.live === 0) this.#close(extent);
    else if (!extent.isOpen) {
      extent.isOpen = true;
      this.#open[kind]?.push(extent);
    }
  }

  #noteFreed(kind: number, bytes: number): void {
    if (kind === -1) return;
    this.#freed += bytes;
    this.#freedOf[kind] = (this.#freedOf[kind] ?? 0) + bytes;
  }

  /** Empties the extent in which the fewest blocks are in use, of the size of which most are free. */
  #compact(moved: Moved): void {
    const kind = this.#freedOf.indexOf(Math.max(...this.#freedOf));
    const open = this.#open[kind] ?? [];
    let [emptied] = open;
    // There must be room for its blocks elsewhere.
    if (emptied === undefined || (this.#freedOf[kind] ?? 0) < 2 * EXTENT) return;
    for (const extent of open) if (extent.live < emptied.live) emptied = extent;
    // It still counts as open, so that it is not listed again, for its own blocks.
    open.splice(open.indexOf(emptied), 1);
    for (let at = UNIT; at < emptied.top && emptied.live > 0; at += emptied.size) {
      const owner = emptied.ints[at >> 2] ?? 0;
      if (owner > 0) this.#move(emptied, at, owner, moved);
    }
  }

  #move(from: HeldExtent, at: number, owner: number, moved: Moved): void {
    const { kind, size } = from;
    const to = this.#open[kind]?.at(-1) ?? this.#opened(kind);
    const address = this.#takeFrom(to, owner);
    from.bytes.copy(to.bytes, offsetOf(address) + WORD, at + WORD, at + size);
    moved(owner, address);
    this.#free(from, at);
  }

  extentOf(address: number): Extent {
    return this.#extentAt(address);
  }

  #extentAt(address: number): HeldExtent {
    const extent = this.#extents[extentNumber(address)];
    if (extent === undefined) throw new Error(`no block of a record begins at ${address}`);
    return extent;
  }

  #opened(kind: number): HeldExtent {
    const extent = this.#added(this.#spare.pop() ?? this.#newShared(), kind, SIZES[kind] ?? 0);
    this.#open[kind]?.push(extent);
    return extent;
  }

  #newShared(): Extent & { readonly number: number } {
    const memory = new SharedArrayBuffer(EXTENT);
    const number = this.#newNumber();
    this.#options.onPiece?.(number, memory);
    return { ...extentIn(memory), number };
  }

  /** For one block. No other thread learns of it. */
  #ownExtent(length: number): HeldExtent {
    const size = roundedUp(length);
    const memory = extentIn(new SharedArrayBuffer(UNIT + size));
    const extent = this.#added({ ...memory, number: this.#newNumber() }, -1, size);
    extent.isOpen = false;
    return extent;
  }

  #newNumber(): number {
    return this.#numbers.pop() ?? this.#extents.length;
  }

  #added(memory: Extent & { readonly number: number }, kind: number, size: number): HeldExtent {
    // A block at 0 would be taken for none.
    const extent = { ...memory, kind, size, live: 0, top: UNIT, free: 0, isOpen: true };
    this.#extents[memory.number] = extent;
    this.#held += memory.bytes.byteLength;
    return extent;
  }

  #unlist(extent: HeldExtent): void {
    const open = this.#open[extent.kind] ?? [];
    // Mostly it is the last one, from which blocks are taken.
    const listed = open.lastIndexOf(extent);
    if (listed !== -1) open.splice(listed, 1);
    extent.isOpen = false;
  }

  #close(extent: HeldExtent): void {
    const { number, kind, size, bytes, ints, doubles } = extent;
    if (extent.isOpen) this.#unlist(extent);
    this.#noteFreed(kind, -size * Math.floor((extent.top - UNIT) / size));
    this.#extents[number] = undefined;
    this.#held -= bytes.byteLength;
    const keepsAll = this.#options.onPiece !== undefined;
    if (kind !== -1 && (keepsAll || this.#spare.length < MOST_SPARE))
      this.#spare.push({ bytes, ints, doubles, number });
    else this.#numbers.push(number);
  }
}

function addressOf({ number }: HeldExtent, at: number): number {
  return number * EXTENT_UNITS + at / UNIT;
}

/** In which extent a block is. */
export function extentNumber(address: number): number {
  return Math.floor(address / EXTENT_UNITS);
}

/** Where in its extent a block begins. */
export function offsetOf(address: number): number {
  return (address % EXTENT_UNITS) * UNIT;
}

/** The size of the block that holds so many bytes. */
export function blockSize(length: number): number {
  const kind = kindOf(length);
  return kind === -1 ? UNIT + roundedUp(length) : (SIZES[kind] ?? 0);
}

function roundedUp(length: number): number {
  return Math.ceil(length / UNIT) * UNIT;
}

function kindOf(length: number): number {
  let [from, to] = [0, SIZES.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((SIZES[middle] ?? 0) < length) from = middle + 1;
    else to = middle;
  }
  return from === SIZES.length ? -1 : from;
}

function blockSizes(): readonly number[] {
  const sizes: number[] = [];
  for (let size = LEAST_BLOCK; size < LARGEST_BLOCK; size *= 2)
    for (let step = 0; step < STEPS_A_DOUBLING; step += 1) {
      const stepped = size + roundedUp((size * step) / STEPS_A_DOUBLING);
      if (stepped < LARGEST_BLOCK) sizes.push(stepped);
    }
  return [...sizes, LARGEST_BLOCK];
}

export function extentIn(memory: SharedArrayBuffer): Extent {
  return { bytes: Buffer.from(memory), ints: new Int32Array(memory), doubles: new Float64Array(memory) };
}
