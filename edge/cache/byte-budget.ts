/** Bytes that all fills in flight may hold together. */
export class ByteBudget {
  readonly limit: number;
  #taken = 0;
  #everTaken = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** All bytes that were ever taken, whether or not they were given back. */
  get everTaken(): number {
    return this.#everTaken;
  }

  get taken(): number {
    return this.#taken;
  }

  get left(): number {
    return this.limit - this.#taken;
  }

  /** Takes `bytes` and returns true, or takes nothing and returns false when they do not fit. */
  take(bytes: number): boolean {
    if (this.#taken + bytes > this.limit) return false;
    this.#taken += bytes;
    this.#everTaken += bytes;
    return true;
  }

  /** For bytes that are in flight no longer when they have come. Returns whether they fit. */
  pass(bytes: number): boolean {
    if (!this.take(bytes)) return false;
    this.give(bytes);
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}

/** The bytes that one fill has taken of a budget. */
export class Charge {
  readonly #budget: ByteBudget;
  #taken = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** Takes `bytes` and returns true, or takes nothing and returns false when they do not fit. */
  take(bytes: number): boolean {
    if (!this.#budget.take(bytes)) return false;
    this.#taken += bytes;
    return true;
  }

  /** Gives `bytes` back, or as many as are left: some bytes of a fill may not have been charged. */
  give(bytes: number): void {
    const given = Math.min(bytes, this.#taken);
    this.#budget.give(given);
    this.#taken -= given;
  }

  giveAll(): void {
    this.give(this.#taken);
  }
}
