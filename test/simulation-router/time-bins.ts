/** What was observed over time, in bins of equal length. */
export class TimeBins {
  readonly #binMs: number;
  readonly #sums: number[];
  readonly #counts: number[];

  constructor(totalMs: number, binMs: number) {
    this.#binMs = binMs;
    const bins = Math.ceil(totalMs / binMs);
    this.#sums = new Array(bins).fill(0);
    this.#counts = new Array(bins).fill(0);
  }

  /** What lies after the end is left out. */
  add(atMs: number, value = 1): void {
    const bin = Math.floor(atMs / this.#binMs);
    const [sum, count] = [this.#sums[bin], this.#counts[bin]];
    if (sum === undefined || count === undefined) return;
    this.#sums[bin] = sum + value;
    this.#counts[bin] = count + 1;
  }

  get counts(): readonly number[] {
    return this.#counts;
  }

  /** In the middle of each bin, in seconds: the mean, or undefined where there was nothing. */
  means(): [seconds: number, mean: number | undefined][] {
    return this.#counts.map((count, bin) => [
      this.#seconds(bin),
      count === 0 ? undefined : (this.#sums[bin] ?? 0) / count,
    ]);
  }

  /** The count of each bin as a share of what `of` counted in it. */
  shares(of: TimeBins): [seconds: number, share: number | undefined][] {
    return this.#counts.map((count, bin) => {
      const all = of.counts[bin] ?? 0;
      return [this.#seconds(bin), all === 0 ? undefined : count / all];
    });
  }

  #seconds(bin: number): number {
    return ((bin + 0.5) * this.#binMs) / 1000;
  }
}
