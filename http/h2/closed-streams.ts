import { Allowance } from "./allowance.ts";
import { RESETS } from "./bounds.ts";
import { ConnectionFault, ERROR, LARGEST_WINDOW } from "./frames.ts";

// What a client may still be sending for when it learns that they are over.
const MOST = 256;

/**
 * The streams of a connection that are over: the latest ones, and how many were reset. One is added for each request and
 * hardly ever asked for, so adding makes no object: the latest stand in three arrays, where the newest takes the place of
 * the oldest.
 */
export class ClosedStreams {
  readonly #ids: number[] = [];
  readonly #areReset: boolean[] = [];
  readonly #windows: number[] = [];
  #added = 0;
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
    const place = this.#added % MOST;
    this.#added += 1;
    this.#ids[place] = stream;
    this.#areReset[place] = how === "reset";
    this.#windows[place] = window;
  }

  /** A client can make us reset streams as well as reset them itself, so both count. Throws a ConnectionFault. */
  countReset(now: number): void {
    if (!this.#resets.take(now))
      throw new ConnectionFault(ERROR.enhanceYourCalm, "too many streams are reset");
  }

  /** HEADERS on a stream that is not the newest. Throws a ConnectionFault when they are not to be ignored. */
  lateHeaders(stream: number, now: number): void {
    const place = this.#placeOf(stream);
    if (place === undefined)
      throw new ConnectionFault(ERROR.protocol, "a new stream must have a higher number");
    if (this.#areReset[place] !== true)
      throw new ConnectionFault(ERROR.streamClosed, "HEADERS on a stream that has ended");
    this.#countIdle(now);
  }

  /** DATA on such a stream. */
  lateData(stream: number, now: number): void {
    const place = this.#placeOf(stream);
    if (place !== undefined && this.#areReset[place] !== true)
      throw new ConnectionFault(ERROR.streamClosed, "DATA on a stream that has ended");
    this.#countIdle(now);
  }

  /** RST_STREAM on such a stream: the client sends no more on it. */
  lateReset(stream: number, now: number): void {
    const place = this.#placeOf(stream);
    if (place !== undefined) this.#areReset[place] = false;
    this.#countIdle(now);
  }

  /** WINDOW_UPDATE on such a stream. The client may not know yet that it is over, but its mistakes count. */
  lateWindow(stream: number, bytes: number, now: number): void {
    if (bytes === 0) throw new ConnectionFault(ERROR.protocol, "WINDOW_UPDATE of nothing");
    const place = this.#placeOf(stream);
    if (place !== undefined) {
      const window = (this.#windows[place] ?? 0) + bytes;
      this.#windows[place] = window;
      if (window > LARGEST_WINDOW)
        throw new ConnectionFault(ERROR.flowControl, "the window of a stream is too large");
    }
    this.#countIdle(now);
  }

  /** Where the stream was added last; undefined: it is none of the latest. */
  #placeOf(stream: number): number | undefined {
    for (let back = 1; back <= Math.min(this.#added, MOST); back += 1) {
      const place = (this.#added - back) % MOST;
      if (this.#ids[place] === stream) return place;
    }
    return undefined;
  }

  #countIdle(now: number): void {
    if (!this.#idle.take(now))
      throw new ConnectionFault(ERROR.enhanceYourCalm, "too many frames on streams that are over");
  }
}
