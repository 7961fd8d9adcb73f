/**
 * Work whose outcome many wait for, done once for all of them. Nobody gets the outcome of what began before they
 * asked: who asks while it is under way shares the next.
 */
export class SharedWork<T> {
  readonly #work: () => Promise<T>;
  readonly #gather: () => Promise<void>;
  #under: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  /** `gather` resolves when the work may begin, so that those who ask at about the same time share it. */
  constructor(work: () => Promise<T>, gather: () => Promise<void>) {
    this.#work = work;
    this.#gather = gather;
  }

  next(): Promise<T> {
    this.#next ??= this.#after(this.#under);
    return this.#next;
  }

  async #after(former: Promise<unknown>): Promise<T> {
    await former.catch(() => undefined);
    await this.#gather();
    this.#next = undefined;
    const outcome = this.#work();
    this.#under = outcome;
    return await outcome;
  }
}
