import type { Failure } from "../../process/failure.ts";

/** Reports an outage once when it begins, and once when every part that noticed it works again. */
export class OutageReporter {
  readonly #onTrouble: (failure: Failure) => void;
  readonly #onRecovered: () => void;
  readonly #down = new Set<object>();

  constructor(onTrouble: (failure: Failure) => void, onRecovered: () => void) {
    this.#onTrouble = onTrouble;
    this.#onRecovered = onRecovered;
  }

  /** `part` is any object that stands for what failed. */
  noticed(part: object, failure: Failure): void {
    const first = this.#down.size === 0;
    this.#down.add(part);
    if (first) this.#onTrouble(failure);
  }

  over(part: object): void {
    if (this.#down.delete(part) && this.#down.size === 0) this.#onRecovered();
  }

  /** The part is no longer used, so nothing can be said of it. */
  left(part: object): void {
    this.#down.delete(part);
  }
}
