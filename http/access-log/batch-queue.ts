import type { Sink } from "../../process/log-writer.ts";

// A minute of 100 requests a second with lines of 700 bytes: so long a disk or a collector may be away.
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

/** Lines that are written together. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly lines: number;
}

export interface QueueOptions {
  readonly sink: Sink;
  /** Told how many lines were lost. */
  readonly dropped: (lines: number) => void;
  readonly mostBytes?: number;
}

/** Batches that wait for a sink, which gets one at a time. Those that find no room are dropped and counted. */
export class BatchQueue {
  readonly #options: QueueOptions;
  readonly #mostBytes: number;
  #waiting: (readonly [batch: Batch, free: () => void])[] = [];
  /** Of those that wait and of the one that the sink has. */
  #bytes = 0;
  #isSending = false;
  #idle: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#mostBytes = options.mostBytes ?? MOST_WAITING_BYTES;
  }

  /** `free`: called when its bytes are not used any more. */
  push(batch: Batch, free: () => void = () => undefined): void {
    if (this.#bytes + batch.bytes.byteLength > this.#mostBytes) {
      this.#options.dropped(batch.lines);
      free();
      return;
    }
    this.#waiting.push([batch, free]);
    this.#bytes += batch.bytes.byteLength;
    this.#send();
  }

  /** Resolves when the sink has done with all of them. */
  async emptied(): Promise<void> {
    if (this.#isSending)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
  }

  #send(): void {
    if (this.#isSending) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#idle?.();
      return;
    }
    const [{ bytes, lines }, free] = next;
    this.#isSending = true;
    this.#options.sink(bytes, (isOut) => {
      this.#isSending = false;
      this.#bytes -= bytes.byteLength;
      if (!isOut) this.#options.dropped(lines);
      free();
      this.#send();
    });
  }
}
