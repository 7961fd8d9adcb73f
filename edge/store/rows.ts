// A table grows by a piece at a time, which takes microseconds: nothing that it holds is moved. 16,384 rows of a few
// words are some hundred KiB.
const PIECE_BITS = 14;
const IN_PIECE = 2 ** PIECE_BITS - 1;

/** Learns of a piece of shared memory, which is numbered among others of its kind. */
export type OnPiece = (number: number, memory: SharedArrayBuffer) => void;

/**
 * A table of 32-bit words, some for each row. Rows are numbered from 1, so that 0 stands for none. It lies in shared
 * memory, so that other threads can read it, and no object is made for a row.
 *
 * While a row is free, its first word names the next free one. The others stay as they are.
 */
export class Rows {
  readonly #width: number;
  readonly #pieces: Int32Array[] = [];
  readonly #onPiece: OnPiece | undefined;
  #top = 1;
  #free = 0;

  /** `width`: words of a row. */
  constructor(width: number, onPiece?: OnPiece) {
    this.#width = width;
    this.#onPiece = onPiece;
  }

  /** One more than the highest row that was ever taken. */
  get top(): number {
    return this.#top;
  }

  /** A row that is free. Its words are whatever they were before. */
  take(): number {
    const free = this.#free;
    if (free !== 0) {
      this.#free = this.get(free, 0);
      return free;
    }
    const row = this.#top;
    this.#top += 1;
    this.reach(row);
    return row;
  }

  give(row: number): void {
    this.set(row, 0, this.#free);
    this.#free = row;
  }

  /** Makes the row, for a table whose rows are numbered elsewhere. */
  reach(row: number): void {
    while (this.#pieces.length <= row >>> PIECE_BITS) {
      const memory = new SharedArrayBuffer((4 * this.#width) << PIECE_BITS);
      this.#onPiece?.(this.#pieces.length, memory);
      this.#pieces.push(new Int32Array(memory));
    }
  }

  /** Takes a piece of a table that another thread writes. */
  adopt(number: number, memory: SharedArrayBuffer): void {
    this.#pieces[number] = new Int32Array(memory);
  }

  /** The same as `get`, and what the thread that writes has written before it is there, too. */
  load(row: number, column: number): number {
    const piece = this.#pieces[row >>> PIECE_BITS];
    return piece === undefined ? 0 : Atomics.load(piece, (row & IN_PIECE) * this.#width + column);
  }

  /** Adds to a word. Other threads see it behind what was written before, and before what is written then. */
  add(row: number, column: number, count: number): void {
    const piece = this.#pieces[row >>> PIECE_BITS];
    if (piece !== undefined) Atomics.add(piece, (row & IN_PIECE) * this.#width + column, count);
  }

  get(row: number, column: number): number {
    return this.#pieces[row >>> PIECE_BITS]?.[(row & IN_PIECE) * this.#width + column] ?? 0;
  }

  set(row: number, column: number, word: number): void {
    const piece = this.#pieces[row >>> PIECE_BITS];
    if (piece !== undefined) piece[(row & IN_PIECE) * this.#width + column] = word;
  }
}
