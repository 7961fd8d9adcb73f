/**
 * Work whose outcome many callers wait for, done once for all of them. No caller gets the outcome of work that began
 * before it asked: callers that come while the work is under way share the next run.
 */
export class Coalesced<T> {
  readonly #work: () => Promise<T>;
  readonly #gather: () => Promise<void>;
  #under: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  /** `gather` resolves when the work may begin, so that callers which come at about the same time share it. */
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
