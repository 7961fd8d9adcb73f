/**
 * How much a key has been used of late. Uses of an earlier era count half for each era that has passed since, so that
 * what was asked for last night does not stay ahead of what is asked for now. A use costs an increment, and a
 * division once an era.
 */
export class Heat {
  #uses = 0;
  #era = 0;

  /** Eras are counted from 0 and only go forward. */
  used(era: number): void {
    if (era !== this.#era) {
      this.#uses = this.at(era);
      this.#era = era;
    }
    this.#uses += 1;
  }

  at(era: number): number {
    return this.#uses / 2 ** (era - this.#era);
  }
}
