import type { Clock } from "../../../process/clock.ts";
import type { FramePlace } from "./disk-index.ts";
import type { Segment } from "./segment.ts";

// Frames wait so long for others, so that a write is worth its way to the disk. A crash costs what was stored meanwhile.
const GATHER_MS = 100;
const GATHER_BYTES = 1024 * 1024;

/** A disk that is slower than what comes: beyond these bytes nothing more waits for it. */
export const MOST_WAITING = 64 * 1024 * 1024;

/** A frame that is not on disk yet. */
export interface QueuedFrame {
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Frames on their way to the disk, in the order in which they stand there. */
export class FrameQueue {
  readonly #clock: Pick<Clock, "wait">;
  readonly #frames: QueuedFrame[] = [];
  #bytes = 0;
  #arrived = Promise.withResolvers<void>();
  #gathering: AbortController | undefined;
  #isUrgent = false;
  #isOver = false;

  constructor(clock: Pick<Clock, "wait">) {
    this.#clock = clock;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(frame: QueuedFrame): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes.byteLength;
    if (this.#bytes >= GATHER_BYTES) this.hasten();
    this.#arrived.resolve();
  }

  /** The frame at this place; undefined: it is on disk, or nowhere. */
  at({ segment, offset }: FramePlace): QueuedFrame | undefined {
    let [from, to] = [0, this.#frames.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const frame = this.#frames[middle];
      if (frame === undefined) return undefined;
      const before = frame.segment.number - segment || frame.offset - offset;
      if (before === 0) return frame;
      if (before < 0) from = middle + 1;
      else to = middle;
    }
    return undefined;
  }

  /** What waits is to be written now. */
  hasten(): void {
    this.#isUrgent = true;
    this.#gathering?.abort();
    this.#arrived.resolve();
  }

  /** Nothing more will come. */
  end(): void {
    this.#isOver = true;
    this.hasten();
  }

  /** Resolves when it is time to write, or somebody waits for what is written; to false when nothing more will come. */
  async isDue(): Promise<boolean> {
    while (this.#frames.length === 0 && !this.#isUrgent) {
      if (this.#isOver) return false;
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
    if (!this.#isUrgent) await this.#gather();
    this.#isUrgent = false;
    return true;
  }

  /** Until enough has come, or a while has passed. */
  async #gather(): Promise<void> {
    const gathering = new AbortController();
    this.#gathering = gathering;
    await this.#clock.wait(GATHER_MS, gathering.signal).catch((thrown: unknown) => {
      if (!gathering.signal.aborted) throw thrown;
    });
    this.#gathering = undefined;
  }

  /** The first frames, for one write: of one segment, one behind the other. They stay until they are written. */
  first(): readonly QueuedFrame[] {
    const some: QueuedFrame[] = [];
    let bytes = 0;
    for (const frame of this.#frames) {
      const isNext = frame.segment === (some[0] ?? frame).segment;
      if (!isNext || (bytes > 0 && bytes + frame.bytes.byteLength > GATHER_BYTES)) break;
      some.push(frame);
      bytes += frame.bytes.byteLength;
    }
    return some;
  }

  /** The first so many frames are on disk. */
  written(count: number): void {
    for (const { bytes } of this.#frames.splice(0, count)) this.#bytes -= bytes.byteLength;
  }

  /** Gives up all that wait. Returns their segments. */
  clear(): ReadonlySet<Segment> {
    this.#bytes = 0;
    return new Set(this.#frames.splice(0).map(({ segment }) => segment));
  }
}
