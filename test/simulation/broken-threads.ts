import { SharedWords } from "../../edge/data-plane/workers/shared-words.ts";
import type { Moment } from "../../edge/rules/moment.ts";
import { StoreReader } from "../../edge/store/store-reader.ts";

/** Does not look at the version of a copy that it was given. */
export class VersionBlind extends SharedWords {
  override isCurrent(): boolean {
    return true;
  }
}

/** Does not look at the version of a response that it has read once. */
export class ReadingOnce extends StoreReader {
  override isCurrent(): boolean {
    return true;
  }
}

/** Does not look at the lease. */
export class LeaseBlind extends SharedWords {
  override mayServe(): boolean {
    return true;
  }
}

/** Writes how much was left of the lease when it was measured for the time before, as one that was interrupted then. */
export class WrittenLate extends SharedWords {
  #leftMs = 0;

  override grantLease(leftMs: number, now: Moment): void {
    super.grantLease(this.#leftMs, now);
    this.#leftMs = leftMs;
  }
}

/** Measures the lease by the monotonic clock alone. */
export class WallBlind extends SharedWords {
  override grantLease(leftMs: number, { monotonic }: Moment): void {
    super.grantLease(leftMs, { monotonic, wall: monotonic });
  }

  override mayServe({ monotonic }: Moment): boolean {
    return super.mayServe({ monotonic, wall: monotonic });
  }
}
