import type { Clock } from "../../../process/clock.ts";
import { Deadlines } from "../../../process/deadlines.ts";
import type { Log } from "../../../process/log.ts";
import type { DiskFile } from "./disk-files.ts";
import { DiskHealth, REST_MS, troubleOf } from "./disk-health.ts";
import { FileClosed } from "./open-files.ts";

/** Each read has memory of its own, which does not count as --memory. Eight of the largest frames go beside each other. */
export const MOST_READING = 64 * 1024 * 1024;

// A disk of 10,000 reads a second comes to the last of them in a tenth of a second. An origin is mostly faster than more.
const LONGEST_LINE = 1_000;

// What is not there by then is fetched from the origin. A disk that works takes a hundredth of it.
const PATIENCE_MS = 1_000;

/** `not-now`: the disk is slow, or too much is read already. */
export type ReadOutcome = "read" | "not-as-written" | "not-now";

interface ReadState {
  hasBegun: boolean;
  isGivenUp: boolean;
}

/** Reads of frames, so many at a time. One that hangs holds nobody up for long. */
export class FrameReads {
  readonly #parts: { readonly clock: Clock; readonly log: Log };
  readonly #ended = new AbortController();
  readonly #deadlines: Deadlines;
  readonly #line: PromiseWithResolvers<void>[] = [];
  #bytes = 0;
  readonly health: DiskHealth;

  constructor(parts: { readonly clock: Clock; readonly log: Log }) {
    this.#parts = parts;
    this.health = new DiskHealth(parts.clock);
    this.#deadlines = new Deadlines(parts.clock, this.#ended.signal);
  }

  /** Whether a read hangs, or did so a while ago. */
  get rests(): boolean {
    return this.health.rests;
  }

  /** Bytes that are being read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Fills `into` with what stands at `position`. `into` must not be used before that, nor after `not-now`. */
  async read(file: DiskFile | undefined, into: Buffer, position: number): Promise<ReadOutcome> {
    if (file === undefined) return "not-as-written";
    if (this.rests) return "not-now";
    const state: ReadState = { hasBegun: false, isGivenUp: false };
    try {
      return await this.#deadlines.within(this.#inTurn(file, into, position, state), PATIENCE_MS);
    } catch {
      state.isGivenUp = true;
      // Many are before it, and the disk gets on with them.
      if (!state.hasBegun || this.rests) return "not-now";
      const cause = `a read has not ended in ${PATIENCE_MS} ms`;
      this.health.failed({ kind: "hanging", cause }, "rest");
      this.#parts.log.error(
        { patienceMs: PATIENCE_MS, restMs: REST_MS },
        "the disk does not answer: nothing is read from it",
      );
      return "not-now";
    }
  }

  /** Nothing is read any more. */
  end(): void {
    this.#ended.abort();
  }

  async #inTurn(file: DiskFile, into: Buffer, position: number, state: ReadState): Promise<ReadOutcome> {
    while (this.#bytes > 0 && this.#bytes + into.byteLength > MOST_READING) {
      if (this.#line.length >= LONGEST_LINE || this.rests) return "not-now";
      const turn = Promise.withResolvers<void>();
      this.#line.push(turn);
      await turn.promise;
      if (state.isGivenUp) return "not-now";
    }
    state.hasBegun = true;
    this.#bytes += into.byteLength;
    try {
      const bytes = await file.read(into, position);
      if (!state.isGivenUp) this.health.went();
      return bytes < into.byteLength ? "not-as-written" : "read";
    } catch (thrown) {
      // It waited for its turn meanwhile. The disk is well.
      if (thrown instanceof FileClosed) return "not-as-written";
      const trouble = troubleOf(thrown);
      this.health.failed(trouble, "go on");
      this.#parts.log.warn({ sampled: "disk-read", ...trouble }, "disk read failed");
      return "not-as-written";
    } finally {
      this.#bytes -= into.byteLength;
      // Those that still find no room stand in line again.
      for (const turn of this.#line.splice(0)) turn.resolve();
    }
  }
}
