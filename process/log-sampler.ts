import type { Clock } from "./clock.ts";

/** Writes one line; `times` is how many more of its kind it stands for, itself included. */
export type WriteLine = (times?: number) => void;

// One line a second tells an operator that it goes on, and cannot fill a disk.
const PERIOD_MS = 1000;
// More kinds than the programs have. A kind that a client makes up shares one place with the others.
const MAX_KINDS = 500;
const OTHER_KINDS = "other";

interface Kind {
  /** Lines held back in this period, and the latest of them. */
  heldBack: number;
  latest: WriteLine | undefined;
}

/**
 * Lines of which a client may cause any number. The first of a kind is written at once. Of those that follow within
 * a second the latest is written at its end, with their number.
 */
export class LogSampler {
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  line(kind: string, write: WriteLine): void {
    const name = this.#kinds.size < MAX_KINDS || this.#kinds.has(kind) ? kind : OTHER_KINDS;
    const known = this.#kinds.get(name);
    if (known === undefined) {
      write();
      void this.#holdBack(name);
    } else {
      known.heldBack += 1;
      known.latest = write;
    }
  }

  /** Until a second has passed in which no line came. */
  async #holdBack(name: string): Promise<void> {
    for (let more = true; more; ) {
      const kind: Kind = { heldBack: 0, latest: undefined };
      this.#kinds.set(name, kind);
      await this.#clock.wait(PERIOD_MS);
      kind.latest?.(kind.heldBack);
      more = kind.heldBack > 0;
    }
    this.#kinds.delete(name);
  }
}
