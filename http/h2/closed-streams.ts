import { Allowance } from "./allowance.ts";
import { RESETS } from "./bounds.ts";
import { ConnectionFault, ERROR, LARGEST_WINDOW } from "./frames.ts";

// What a client may still be sending for when it learns that they are over.
const MOST = 256;

/** The streams of a connection that are over: the latest ones, and how many were reset. */
export class ClosedStreams {
  readonly #latest = new Map<number, { how: "reset" | "ended"; window: number }>();
  readonly #resets: Allowance;
  readonly #idle: Allowance;

  /** `idle`: frames that bring nothing forward. */
  constructor(idle: Allowance, now: number) {
    this.#idle = idle;
    this.#resets = new Allowance(RESETS, now);
  }

  /**
   * "reset": by us. What the client sent before it knew is to be ignored (RFC 9113 section 5.1). `window`: bytes that it
   * took on the stream.
   */
  add(stream: number, how: "reset" | "ended", window = 0): void {
    this.#latest.set(stream, { how, window });
    if (this.#latest.size <= MOST) return;
    for (const oldest of this.#latest.keys()) {
      this.#latest.delete(oldest);
      return;
    }
  }

  /** A client can make us reset streams as well as reset them itself, so both count. Throws a ConnectionFault. */
  countReset(now: number): void {
    if (!this.#resets.take(now))
      throw new ConnectionFault(ERROR.enhanceYourCalm, "too many streams are reset");
  }

  /** HEADERS on a stream that is not the newest. Throws a ConnectionFault when they are not to be ignored. */
  lateHeaders(stream: number, now: number): void {
    const how = this.#latest.get(stream)?.how;
    if (how === "reset") this.#countIdle(now);
    else if (how === "ended")
      throw new ConnectionFault(ERROR.streamClosed, "HEADERS on a stream that has ended");
    else throw new ConnectionFault(ERROR.protocol, "a new stream must have a higher number");
  }

  /** DATA on such a stream. */
  lateData(stream: number, now: number): void {
    if (this.#latest.get(stream)?.how === "ended")
      throw new ConnectionFault(ERROR.streamClosed, "DATA on a stream that has ended");
    this.#countIdle(now);
  }

  /** RST_STREAM on such a stream: the client sends no more on it. */
  lateReset(stream: number, now: number): void {
    const latest = this.#latest.get(stream);
    if (latest !== undefined) latest.how = "ended";
    this.#countIdle(now);
  }

  /** WINDOW_UPDATE on such a stream. The client may not know yet that it is over, but its mistakes count. */
  lateWindow(stream: number, bytes: number, now: number): void {
    if (bytes === 0) throw new ConnectionFault(ERROR.protocol, "WINDOW_UPDATE of nothing");
    const latest = this.#latest.get(stream);
    if (latest !== undefined) latest.window += bytes;
    if (latest !== undefined && latest.window > LARGEST_WINDOW)
      throw new ConnectionFault(ERROR.flowControl, "the window of a stream is too large");
    this.#countIdle(now);
  }

  #countIdle(now: number): void {
    if (!this.#idle.take(now))
      throw new ConnectionFault(ERROR.enhanceYourCalm, "too many frames on streams that are over");
  }
}
