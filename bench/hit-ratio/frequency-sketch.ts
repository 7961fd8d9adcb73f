const ROWS = 4;
const MOST = 15;
const LEAST_WIDTH = 1_024;
// So many uses an entry until all counts are halved.
const SAMPLE = 10;

/**
 * About how often each hash came of late (a count-min sketch with ageing, as in TinyLFU by Einziger, Friedman and Manes).
 * Four bytes an entry.
 */
export class FrequencySketch {
  #width = LEAST_WIDTH;
  #counts = new Uint8Array(ROWS * LEAST_WIDTH);
  #uses = 0;

  /** `entries`: how many there are, for which it must be wide enough. */
  reach(entries: number): void {
    while (this.#width < entries) this.#widen();
  }

  add(hash: number): void {
    const counts = this.#counts;
    for (let row = 0; row < ROWS; row += 1) {
      const at = this.#cell(hash, row);
      const count = counts[at] ?? 0;
      if (count < MOST) counts[at] = count + 1;
    }
    this.#uses += 1;
    if (this.#uses >= SAMPLE * this.#width) this.#age();
  }

  /** 0 to 15. It may be too high, never too low since the counts were last halved. */
  of(hash: number): number {
    let least = MOST;
    for (let row = 0; row < ROWS; row += 1) least = Math.min(least, this.#counts[this.#cell(hash, row)] ?? 0);
    return least;
  }

  #cell(hash: number, row: number): number {
    let mixed = Math.imul(hash ^ (row * 0x9e3779b1), 0x85ebca6b);
    mixed ^= mixed >>> 15;
    return row * this.#width + (mixed & (this.#width - 1));
  }

  /** A cell of the wider table begins with the count of the cell that it was part of. */
  #widen(): void {
    const [width, counts] = [this.#width, this.#counts];
    this.#width = 2 * width;
    this.#counts = new Uint8Array(ROWS * this.#width);
    for (let row = 0; row < ROWS; row += 1) {
      const of = counts.subarray(row * width, (row + 1) * width);
      this.#counts.set(of, row * this.#width);
      this.#counts.set(of, row * this.#width + width);
    }
  }

  #age(): void {
    this.#uses >>= 1;
    for (let at = 0; at < this.#counts.length; at += 1) this.#counts[at] = (this.#counts[at] ?? 0) >> 1;
  }
}
