import type { Clock } from "../../process/clock.ts";
import { type Ends, endsKey, readSendQueues } from "./send-queues.ts";
import type { Timeouts } from "./timeouts.ts";

// A third of the time that a client has to take a write. Few take so long, so the system is rarely asked.
const PATIENCE_MS = 10_000;

// Four looks before the time of a client is over. A look takes some 12 ms of a processor, most of it the system's, in another thread.
const LOOK_EVERY_MS = 5_000;

// A system opens the window of a connection by a few packets at a time, which are 64 KiB each within one machine. A client
// that takes less in 30 s holds memory on purpose.
const LEAST_TAKEN = 32 * 1024;

/** What the system had to send to a client when it was first looked at during a wait. */
interface Mark {
  readonly since: number;
  readonly bytes: number;
}

/**
 * Whether a client has taken enough between two looks at the queue to it. The queue also grows when the system has taken
 * more of the write, for which the client must have made room.
 */
export function isProgress(before: number, after: number): boolean {
  return Math.abs(before - after) >= LEAST_TAKEN;
}

/**
 * Sees that slow clients read. A write counts as taken when the system has all of it, and the system takes more only
 * when a third of its buffer is free: of 4 MiB a client at 8 KiB/s frees so much in three minutes. Until then only the
 * system knows whether the client reads.
 */
export class ReaderProgress {
  readonly #clock: Clock;
  readonly #read: typeof readSendQueues;
  readonly #marks = new WeakMap<Ends, Mark>();
  readonly #watched = new Map<Ends, Timeouts>();
  #looks = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, read = readSendQueues) {
    this.#clock = clock;
    this.#read = read;
  }

  /** Called now and then while the client on the socket is waited for. */
  watch(socket: Ends, timeouts: Timeouts, now: number): void {
    const since = timeouts.readerSince;
    if (since === undefined || now - since < PATIENCE_MS) return;
    this.#watched.set(socket, timeouts);
    if (this.#looks || now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    void this.#look();
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    this.#looks = true;
    // All that are checked in the same turn are looked at together.
    await Promise.resolve();
    const watched = [...this.#watched].map(([socket, timeouts]) => ({
      socket,
      timeouts,
      since: timeouts.readerSince,
      key: endsKey(socket),
    }));
    this.#watched.clear();
    const keys = new Set(watched.flatMap(({ key }) => key ?? []));
    const queues = await this.#read(keys, this.#clock);
    const now = this.#clock.monotonic();
    for (const { socket, timeouts, since, key } of watched) {
      const bytes = key === undefined ? undefined : queues.get(key);
      // Since then it may have taken everything.
      if (bytes === undefined || since === undefined || timeouts.readerSince !== since) continue;
      const mark = this.#marks.get(socket);
      if (mark?.since !== since) this.#marks.set(socket, { since, bytes });
      else if (isProgress(mark.bytes, bytes)) {
        timeouts.readerTook(now);
        this.#marks.set(socket, { since: now, bytes });
      }
    }
    this.#looks = false;
  }
}
