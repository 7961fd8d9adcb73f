/**
 * How often a key has been used of late. A use counts half for each period that has passed since, so that what was
 * asked for last night does not stay ahead of what is asked for now. A use costs an increment, and a division once a
 * period.
 */
export class UseCount {
  #uses = 0;
  #period = 0;

  /** Periods are counted from 0 and only go forward. */
  used(period: number): void {
    if (period !== this.#period) {
      this.#uses = this.at(period);
      this.#period = period;
    }
    this.#uses += 1;
  }

  at(period: number): number {
    return this.#uses / 2 ** (period - this.#period);
  }
}
