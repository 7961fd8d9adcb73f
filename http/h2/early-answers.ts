import { LINGER_MS } from "../server/connection-state.ts";
import { MOST_STREAMS } from "./bounds.ts";
import type { Stream } from "./stream.ts";

/**
 * Streams that have been answered before their request had come whole. What still comes is dropped for a moment and within the
 * window that the client has: many clients take a reset for a failure, although RFC 9113 section 8.1 allows it.
 */
export class EarlyAnswers {
  readonly #since = new Map<number, { readonly stream: Stream; readonly since: number }>();

  get(id: number): Stream | undefined {
    return this.#since.get(id)?.stream;
  }

  has(stream: Stream): boolean {
    return this.#since.has(stream.id);
  }

  /** Returns false when there are too many. */
  add(stream: Stream, now: number): boolean {
    if (this.#since.size >= MOST_STREAMS) return false;
    this.#since.set(stream.id, { stream, since: now });
    return true;
  }

  /** Whether it was one. */
  delete({ id }: Stream): boolean {
    return this.#since.delete(id);
  }

  /** Drops what has come. Returns false when the client has no more room to send. */
  drops({ body, exhausted }: Stream): boolean {
    body?.read();
    return !exhausted;
  }

  /** Those that have had their moment. */
  overdue(now: number): readonly Stream[] {
    return [...this.#since.values()]
      .filter(({ since }) => now - since > LINGER_MS)
      .map(({ stream }) => stream);
  }
}
