/** The part of an AbortSignal that a fetch needs. */
export interface GiveUpSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * What an AbortController and its signal are, for the price of one object: each miss has three, and few are ever used.
 * Each listener is called at most once.
 */
export class GiveUp implements GiveUpSignal {
  #listeners: Set<() => void> | undefined;
  #only: (() => void) | undefined;
  #aborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  abort(reason: unknown = new DOMException("given up", "AbortError")): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const listeners = [...(this.#only === undefined ? [] : [this.#only]), ...(this.#listeners ?? [])];
    this.#only = undefined;
    this.#listeners = undefined;
    for (const listener of listeners) listener();
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  addEventListener(_type: "abort", listener: () => void): void {
    // As with an AbortSignal: a listener that comes too late is not called.
    if (this.#aborted || this.#only === listener) return;
    if (this.#only === undefined && this.#listeners === undefined) this.#only = listener;
    else {
      this.#listeners ??= new Set();
      this.#listeners.add(listener);
    }
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    if (this.#only === listener) this.#only = undefined;
    else this.#listeners?.delete(listener);
  }
}
