import type { Clock } from "../../../process/clock.ts";
import type { Purgeable } from "../../store/purge-match.ts";
import type { FillMark } from "../../store/stored-response.ts";
import type { PurgeState } from "../purge-state.ts";

/**
 * For so long, and at most for twice as long, an edge does not ask others for what a request has invalidated here. A
 * broadcast takes a fraction of a second when the log is up.
 */
const INVALIDATED_MS = 10_000;

interface Floor {
  readonly mark: FillMark;
  readonly since: number;
  readonly release: () => void;
}

/** What requests at this edge have invalidated of late (RFC 9111 section 4.4). */
export class RecentInvalidations {
  readonly #purges: Pick<PurgeState, "mark" | "overtaken" | "hold">;
  readonly #clock: Clock;
  /** The older one, and a newer one that will take its place. */
  #floors: readonly Floor[] = [];

  constructor(purges: Pick<PurgeState, "mark" | "overtaken" | "hold">, clock: Clock) {
    this.#purges = purges;
    this.#clock = clock;
  }

  /** Whether one of them covers the response, or may cover it. */
  cover(response: Purgeable): boolean {
    const mark = this.#purges.mark();
    if (mark === undefined) return true;
    const { invalidations } = this.#floor(mark).mark;
    return this.#purges.overtaken({ ...mark, invalidations }, response);
  }

  #floor(mark: FillMark): Floor {
    const now = this.#clock.monotonic();
    const begin = (of: FillMark): Floor => ({ mark: of, since: now, release: this.#purges.hold(of) });
    const [older = begin({ ...mark, invalidations: 0 }), newer] = this.#floors;
    if (newer === undefined) {
      this.#floors = [older, begin(mark)];
      return older;
    }
    if (now - newer.since < INVALIDATED_MS) return older;
    older.release();
    this.#floors = [newer, begin(mark)];
    return newer;
  }
}
