/** Takes bytes without waiting, and calls `done` once: true when they are out, false when they are lost. */
export type Sink = (bytes: Uint8Array, done: (isOut: boolean) => void) => void;

// Some thousand lines: a reader that is slow for a moment loses none, and one that never comes back costs little.
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Log lines on their way to a sink. Writing never waits, never fails and never ends the program: lines beyond the
 * bound are dropped and counted, and one line tells how many as soon as lines go out again.
 */
export class LogWriter {
  readonly #sink: Sink;
  readonly #maxBytes: number;
  #waiting: Buffer[] = [];
  /** Of the lines that wait and of those that the sink has not finished. */
  #bytes = 0;
  #isSending = false;
  #dropped = 0;
  /** Dropped since the last line that told of it. */
  #untold = 0;

  constructor(sink: Sink, maxBytes = MAX_WAITING_BYTES) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** `line` ends with its line break. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#bytes + bytes.byteLength > this.#maxBytes) {
      this.#drop(1);
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.byteLength;
    this.#send();
  }

  #send(): void {
    if (this.#isSending || this.#waiting.length === 0) return;
    const lines = this.#waiting.length;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#isSending = true;
    this.#sink(bytes, (isOut) => {
      this.#isSending = false;
      this.#bytes -= bytes.byteLength;
      if (!isOut) this.#drop(lines);
      else if (this.#untold > 0) this.#tellOfDropped();
      this.#send();
    });
  }

  #drop(lines: number): void {
    this.#dropped += lines;
    this.#untold += lines;
  }

  #tellOfDropped(): void {
    const lines = this.#untold;
    this.#untold = 0;
    this.write(`${JSON.stringify({ level: 40, time: Date.now(), lines, msg: "log lines were dropped" })}\n`);
  }
}
