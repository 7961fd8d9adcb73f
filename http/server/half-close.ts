// Longer than most answers take. A client that has really left shows it at the first write.
const SILENT_MS = 10_000;

/**
 * A client that sends no more either waits for its answer or has left. Only a write tells which, so a client to which
 * nothing is written for some time is held to have left.
 */
export class HalfClose {
  #since: number;
  #written: number;

  /** `written`: the bytes written to the client so far. */
  constructor(written: number, now: number) {
    this.#written = written;
    this.#since = now;
  }

  hasLeft(written: number, now: number): boolean {
    if (written === this.#written) return now - this.#since > SILENT_MS;
    this.#written = written;
    this.#since = now;
    return false;
  }
}
