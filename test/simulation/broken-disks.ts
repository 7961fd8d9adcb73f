import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { Kept } from "../../edge/purging/kept.ts";
import type { FillMark } from "../../edge/store/stored-response.ts";

// What each breaks of rule E9. broken-rules.ts describes it.

export class TrustingDisk extends PurgeFollower {
  override recalled(mark: FillMark): FillMark {
    return { ...mark, flushes: this.mark()?.flushes ?? mark.flushes };
  }
}

export function fromTail(): Kept {
  return { resumed: undefined, invalidated: [] };
}

export function fromLatest(kept: Kept): Kept {
  const { resumed } = kept;
  return { ...kept, resumed: resumed && { ...resumed, oldest: resumed.latest } };
}

export function withoutFlushes(kept: Kept): Kept {
  return { ...kept, resumed: kept.resumed && { ...kept.resumed, flushes: 0 } };
}
