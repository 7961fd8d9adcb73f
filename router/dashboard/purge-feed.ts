import type { Clock } from "../../process/clock.ts";
import type { PurgeRecord } from "../../proto/gen/edgecache/v1/edge.ts";
import { PurgeHistory, type PurgeRow } from "./purge-history.ts";

const REFRESH_MS = 1000;

// Receipts arrive within some hundred milliseconds, one edge after the other: the page shows each.
const PENDING_REFRESH_MS = 100;

// A purge takes no longer than this to be in the log and back at an edge, unless something is wrong.
const HURRY_MS = 2000;

// An edge that is away keeps a purge pending for as long: nobody stares at the page so long.
const PENDING_HURRY_MS = 60_000;

export interface PurgeFeedParts {
  readonly clock: Clock;
  /** The latest first; undefined: no edge answers. */
  readonly ask: () => Promise<readonly PurgeRecord[] | undefined>;
  readonly tell: (row: PurgeRow) => void;
}

/** Follows the purges of the fleet and their receipts, until it is stopped. */
export class PurgeFeed {
  readonly #parts: PurgeFeedParts;
  readonly #history = new PurgeHistory();
  readonly #stopped = new AbortController();
  /** Aborted to look at once. */
  #pause = new AbortController();
  #hurriedUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: PurgeFeedParts) {
    this.#parts = parts;
    void this.#run();
  }

  /** The oldest first. */
  get rows(): readonly PurgeRow[] {
    return this.#history.rows;
  }

  /** Somebody has asked for a purge. */
  hurry(): void {
    this.#hurriedUntil = this.#parts.clock.monotonic() + HURRY_MS;
    this.#pause.abort();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #run(): Promise<void> {
    const { clock, ask, tell } = this.#parts;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      this.#pause = new AbortController();
      const until = AbortSignal.any([signal, this.#pause.signal]);
      const records = await ask();
      if (signal.aborted) return;
      for (const row of records === undefined ? [] : this.#history.news(records)) tell(row);
      await clock
        .wait(this.#isHurried() ? PENDING_REFRESH_MS : REFRESH_MS, until)
        .catch((thrown: unknown) => {
          if (!until.aborted) throw thrown;
        });
    }
  }

  #isHurried(): boolean {
    const { clock } = this.#parts;
    return (
      clock.monotonic() < this.#hurriedUntil || this.#history.isPendingSince(clock.wall() - PENDING_HURRY_MS)
    );
  }
}
