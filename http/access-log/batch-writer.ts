import type { Clock } from "../../process/clock.ts";
import type { Batch } from "./batch-queue.ts";

// A write of this size costs little more than one of a line, and a hundredth of it for each line.
const BATCH_BYTES = 64 * 1024;
// How late a line may be: a person who looks at the log sees it at once, and a second has ten small writes at most.
const LATE_MS = 100;

/** Gathers lines into batches. Writing never waits and never fails. */
export class BatchWriter {
  readonly #clock: Pick<Clock, "wait">;
  readonly #take: (batch: Batch) => void;
  /** It may be taken back until the next one comes. */
  #last = "";
  #open = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #openBytes = 0;
  #openLines = 0;
  #isTimed = false;
  readonly #closed = new AbortController();

  /** `take` may keep the bytes. */
  constructor(clock: Pick<Clock, "wait">, take: (batch: Batch) => void) {
    this.#clock = clock;
    this.#take = take;
  }

  /** `line` ends with its line break, and is shorter than a batch; its chars are bytes. */
  write(line: string): void {
    this.#keepLast();
    this.#last = line;
    if (!this.#isTimed) void this.#flushLater();
  }

  /** Whether `line` was the last one: then it is not written. */
  takeBack(line: string): boolean {
    if (this.#last !== line) return false;
    this.#last = "";
    return true;
  }

  /** Hands over what has been written. Later lines are handed over at once. */
  close(): void {
    this.#closed.abort();
    this.#flush();
  }

  #flush(): void {
    this.#keepLast();
    this.#handOver();
  }

  #keepLast(): void {
    const line = this.#last;
    if (line === "") return;
    this.#last = "";
    if (this.#openBytes + line.length > BATCH_BYTES) this.#handOver();
    this.#openBytes += this.#open.write(line, this.#openBytes, "latin1");
    this.#openLines += 1;
  }

  async #flushLater(): Promise<void> {
    this.#isTimed = true;
    await this.#clock.wait(LATE_MS, this.#closed.signal).catch(() => undefined);
    this.#isTimed = false;
    this.#flush();
  }

  #handOver(): void {
    if (this.#openBytes === 0) return;
    const bytes = new Uint8Array(this.#open.subarray(0, this.#openBytes));
    const lines = this.#openLines;
    this.#openBytes = 0;
    this.#openLines = 0;
    this.#take({ bytes, lines });
  }
}
