/** Latencies of answered requests in milliseconds, and how many were never answered. */
export class Latencies {
  readonly #samples: number[] = [];
  #sum = 0;
  #isSorted = true;
  lost = 0;

  add(ms: number): void {
    this.#samples.push(ms);
    this.#sum += ms;
    this.#isSorted = false;
  }

  addAll(other: Latencies): void {
    for (const ms of other.#samples) this.add(ms);
    this.lost += other.lost;
  }

  get count(): number {
    return this.#samples.length;
  }

  get meanMs(): number {
    return this.#sum / this.#samples.length;
  }

  /** The value that `share` of all answers did not exceed (nearest rank). */
  quantileMs(share: number): number {
    if (!this.#isSorted) this.#samples.sort((a, b) => a - b);
    this.#isSorted = true;
    return this.#samples[Math.max(0, Math.ceil(share * this.#samples.length) - 1)] ?? Number.NaN;
  }
}
