import { bytesFrom } from "./chunk-window.ts";
import type { BodyEnd, FillBody, Reader } from "./fill-body.ts";

/**
 * A body that has come whole with its fields, as most small ones do. Nothing of it is in flight, so nothing is charged
 * and nobody waits.
 */
export class WholeBody implements FillBody {
  readonly end: Promise<BodyEnd>;
  readonly kept = true;
  readonly joinable = true;
  readonly whole: readonly Uint8Array[];

  /** `bytes` are in memory of their own. */
  constructor(bytes: Uint8Array) {
    this.whole = bytes.byteLength === 0 ? [] : [bytes];
    this.end = Promise.resolve({ kind: "complete", chunks: this.whole, length: bytes.byteLength });
  }

  join(): Reader {
    return { read: (from) => this.#read(from), leave: () => undefined };
  }

  async *#read(from: number): AsyncGenerator<Uint8Array> {
    yield* bytesFrom(this.whole, from);
  }
}
