import { RandomHex } from "../../process/random-hex.ts";

/** The field that names a request. There is no standard for it, but nginx, HAProxy, Envoy and many others use it. */
export const REQUEST_ID = "X-Request-Id";

const ID_BYTES = 16;

// Longer than what nginx, HAProxy and Envoy make, and than a UUID. Longer ones would fill logs.
export const LONGEST_ID = 128;
const SHAPE = /^[A-Za-z0-9._:=+/-]+$/;

/** Names of requests: 128 random bits each, in hexadecimal. */
export class RequestIds {
  readonly #random = new RandomHex(ID_BYTES);

  next(): string {
    return this.#random.next();
  }

  /** That of a trusted peer, if it may be one; else a new one. */
  of(given: string | undefined): string {
    return given !== undefined && given.length <= LONGEST_ID && SHAPE.test(given) ? given : this.next();
  }
}
