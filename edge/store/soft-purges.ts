// A request lasts for less than so many soft purges. If one does not, its response counts as older than all of them.
const REMEMBERED = 4_096;

/** When soft purges began, in milliseconds of the monotonic clock. */
export class SoftPurges {
  #times: number[] = [];
  #forgotten = 0;

  /** How many have begun. */
  get count(): number {
    return this.#forgotten + this.#times.length;
  }

  begin(at: number): void {
    this.#times.push(at);
    if (this.#times.length <= REMEMBERED) return;
    this.#times = this.#times.slice(REMEMBERED / 2);
    this.#forgotten += REMEMBERED / 2;
  }

  /** When the first began after so many; undefined: none has. */
  firstAfter(count: number): number | undefined {
    return count < this.#forgotten ? Number.NEGATIVE_INFINITY : this.#times[count - this.#forgotten];
  }
}
