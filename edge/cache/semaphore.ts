/** Lets at most so many tasks go on at once; the others wait in the order in which they came. */
export class Turnstile {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether one who comes now need not wait. */
  get hasRoom(): boolean {
    return this.#inside < this.#limit;
  }

  async pass<T>(task: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#inside += 1;
    try {
      return await task();
    } finally {
      // The place goes to the next in line, so that nobody who comes now takes it first.
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
