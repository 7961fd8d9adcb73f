import type { Clock } from "../../process/clock.ts";
import type { Batch } from "./batch-queue.ts";
import type { LineEnd } from "./line-end.ts";

// Each write wakes a thread, which costs as much as some hits. One of this size has the lines of 800 requests.
const BATCH_BYTES = 256 * 1024;
// How late a line may be: a person who looks at the log sees it at once, and a second has ten small writes at most.
const LATE_MS = 100;

// One is filled while another is written. More of them are only in use while the place where lines go is slow.
const MOST_SPARE = 2;

/** Takes a batch. `free`: its bytes are not used any more. */
export type TakeBatch = (batch: Batch, free: () => void) => void;

/** Gathers lines into batches. Writing never waits and never fails. */
export class BatchWriter {
  readonly #clock: Pick<Clock, "wait">;
  readonly #take: TakeBatch;
  #open: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #openBytes = 0;
  #openLines = 0;
  /** Fresh memory would cost as much as the lines that are written into it. */
  readonly #spare: Buffer[] = [];
  #lastLine = 0;
  /** Where the last line begins; undefined: it is handed over, or taken back. */
  #lastAt: number | undefined;
  #isTimed = false;
  readonly #closed = new AbortController();

  constructor(clock: Pick<Clock, "wait">, take: TakeBatch) {
    this.#clock = clock;
    this.#take = take;
  }

  /** Returns the number of the line, which is shorter than a batch. */
  write(begin: string, end: LineEnd): number {
    const length = begin.length + end.text.length;
    if (this.#openBytes + length > BATCH_BYTES) this.#handOver();
    this.#lastAt = this.#openBytes;
    this.#open.write(begin, this.#openBytes, "latin1");
    end.writeTo(this.#open, this.#openBytes + begin.length);
    this.#openBytes += length;
    this.#openLines += 1;
    if (!this.#isTimed) void this.#handOverLater();
    this.#lastLine += 1;
    return this.#lastLine;
  }

  /** Whether it is the last one, and not handed over yet: then it is not written. */
  takeBack(line: number): boolean {
    if (line !== this.#lastLine || this.#lastAt === undefined) return false;
    this.#openBytes = this.#lastAt;
    this.#openLines -= 1;
    this.#lastAt = undefined;
    return true;
  }

  /** Hands over what has been written. Later lines are handed over at once. */
  close(): void {
    this.#closed.abort();
    this.#handOver();
  }

  async #handOverLater(): Promise<void> {
    this.#isTimed = true;
    await this.#clock.wait(LATE_MS, this.#closed.signal).catch(() => undefined);
    this.#isTimed = false;
    this.#handOver();
  }

  #handOver(): void {
    this.#lastAt = undefined;
    if (this.#openBytes === 0) return;
    const [open, lines] = [this.#open, this.#openLines];
    const bytes = open.subarray(0, this.#openBytes);
    this.#openBytes = 0;
    this.#openLines = 0;
    // A few lines must not hold the memory of many while they wait.
    if (bytes.byteLength < BATCH_BYTES / 2) {
      this.#take({ bytes: new Uint8Array(bytes), lines }, () => undefined);
      return;
    }
    this.#open = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES);
    this.#take({ bytes, lines }, () => {
      if (this.#spare.length < MOST_SPARE) this.#spare.push(open);
    });
  }
}
