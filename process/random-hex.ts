import { randomFillSync } from "node:crypto";

// Random bytes and their text cost as much for ten names as for one.
const NAMES_AT_ONCE = 256;

/** Random names in hexadecimal. */
export class RandomHex {
  readonly #random: Buffer;
  readonly #chars: number;
  #text = "";
  #at = 0;

  /** `bytes`: of each name, two chars a byte. */
  constructor(bytes: number) {
    this.#random = Buffer.allocUnsafeSlow(bytes * NAMES_AT_ONCE);
    this.#chars = 2 * bytes;
  }

  next(): string {
    if (this.#at === this.#text.length) {
      this.#text = randomFillSync(this.#random).toString("hex");
      this.#at = 0;
    }
    const from = this.#at;
    this.#at = from + this.#chars;
    return this.#text.slice(from, this.#at);
  }
}
