import type { Clock } from "../../process/clock.ts";
import type { OriginBody } from "../origin/origin.ts";

/** A body as it arrives from the origin. */
export interface ArrivingBody {
  readonly body: OriginBody;
  /** In bytes, where it is known. */
  readonly length: number | undefined;
  /** Abandons the rest of the body. Reading it then throws. */
  cancel(): void;
}

// How long a body that may be stored goes on to arrive when its last reader has left. One that says how long it is has
// an end, and is worth a minute of its origin. Any other may be endless, such as a stream of lines or pictures: a
// moment is enough for a page, and the origin sees the end of a stream within a second of its last client.
const KNOWN_PATIENCE_MS = 60_000;
const UNKNOWN_PATIENCE_MS = 400;

/** Where a shared body comes from, and how long it may go on without a reader. */
export class BodySource {
  readonly #arriving: ArrivingBody;
  readonly #clock: Clock;
  #waiting: AbortController | undefined;

  constructor(arriving: ArrivingBody, clock: Clock) {
    this.#arriving = arriving;
    this.#clock = clock;
  }

  get length(): number | undefined {
    return this.#arriving.length;
  }

  chunks(): AsyncIterator<Uint8Array> {
    return this.#arriving.body[Symbol.asyncIterator]();
  }

  /** The body is to be stored. */
  gather(): void {
    this.#arriving.body.gather?.(this.length);
  }

  /** It is not to be stored after all. */
  scatter(): void {
    this.#arriving.body.scatter?.();
  }

  /** It has a reader again, or has ended. */
  keep(): void {
    this.#waiting?.abort();
  }

  /** Its last reader has left: it is cancelled unless `keep` is called within `patienceMs`. */
  async abandon(patienceMs = this.#usualPatienceMs): Promise<void> {
    const waiting = new AbortController();
    this.#waiting = waiting;
    await this.#clock.wait(patienceMs, waiting.signal).catch(() => undefined);
    if (!waiting.signal.aborted) this.#arriving.cancel();
  }

  get #usualPatienceMs(): number {
    return this.length === undefined ? UNKNOWN_PATIENCE_MS : KNOWN_PATIENCE_MS;
  }
}
