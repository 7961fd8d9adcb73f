import { randomFillSync } from "node:crypto";

/** The field that names a request. There is no standard for it, but nginx, HAProxy, Envoy and many others use it. */
export const REQUEST_ID = "X-Request-Id";

const ID_BYTES = 16;
const ID_CHARS = 2 * ID_BYTES;
// Random bytes and their text cost as much for ten identifiers as for one.
const IDS_AT_ONCE = 256;

// Longer than what nginx, HAProxy and Envoy make, and than a UUID. Longer ones would fill logs.
export const LONGEST_ID = 128;
const SHAPE = /^[A-Za-z0-9._:=+/-]+$/;

/** Names of requests: 128 random bits each, in hexadecimal. */
export class RequestIds {
  readonly #random = Buffer.allocUnsafeSlow(ID_BYTES * IDS_AT_ONCE);
  #text = "";
  #at = 0;

  next(): string {
    if (this.#at === this.#text.length) {
      this.#text = randomFillSync(this.#random).toString("hex");
      this.#at = 0;
    }
    const from = this.#at;
    this.#at = from + ID_CHARS;
    return this.#text.slice(from, this.#at);
  }

  /** That of a trusted peer, if it may be one; else a new one. */
  of(given: string | undefined): string {
    return given !== undefined && given.length <= LONGEST_ID && SHAPE.test(given) ? given : this.next();
  }
}

// W3C Trace Context section 3.2: version, trace, parent and flags; no part of it is all zeros.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** The trace that `traceparent` names; undefined: none. */
export function traceIdIn(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];
}
