import { NOT_IN_304 } from "../cache/representation.ts";
import type { StoredResponse } from "../store/stored-response.ts";

// Some hundred bytes each, so about a megabyte in two generations.
const MOST = 2_048;

/** The field lines of a 304 to those stored responses that were asked for lately. Making them takes longer than all else. */
export class NotModifiedLines {
  #young = new WeakMap<StoredResponse, string>();
  #old = new WeakMap<StoredResponse, string>();
  #made = 0;

  /** Of a response whose fields are sent as they are stored. */
  of(stored: StoredResponse): string {
    const known = this.#young.get(stored);
    if (known !== undefined) return known;
    const lines = this.#old.get(stored) ?? stored.clientFields.without(NOT_IN_304).lines;
    if (this.#made >= MOST) {
      this.#old = this.#young;
      this.#young = new WeakMap();
      this.#made = 0;
    }
    this.#made += 1;
    this.#young.set(stored, lines);
    return lines;
  }
}
