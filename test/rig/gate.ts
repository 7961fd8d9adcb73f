/** Something that a test holds back until it says so. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();

  /** Resolves once the gate is open. */
  get passed(): Promise<void> {
    return this.#opened.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}
