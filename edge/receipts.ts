import type { Clock } from "../process/clock.ts";
import { comparePositions, type Position } from "../purge-log/position.ts";
import type { Heartbeat, Member, PurgeLog } from "../purge-log/purge-log.ts";

/** What became of one purge at one edge. */
export interface Receipt {
  readonly edge: string;
  /** fenced: cut off for longer than its lease, so it serves nothing unvalidated. */
  readonly state: "applied" | "fenced" | "pending";
  /** Milliseconds from the acceptance of the purge to this state. */
  readonly ms: number;
  /** Stored responses that it removed or softened there. */
  readonly objects: number;
}

// Clock rates agree within 1 %, and a heartbeat may have been on its way for a moment.
const CLOCK_RATE_MARGIN = 1.01;
const MARGIN_MS = 100;

// After a look that failed. As long as a heartbeat's period: sooner there is hardly anything new to see.
const LOOK_AGAIN_MS = 250;

/**
 * Waits until every known edge has applied the purge at `position` or is fenced, for at most `waitMs` (and as
 * long as the log takes to say that it does not answer). It is woken by the heartbeat of an edge that has applied
 * it, and when the next silent edge may be fenced. Sorted by edge.
 * Throws a Failure when the heartbeat table cannot be read at the first look; later it goes by what it has seen.
 */
export async function collectReceipts(
  position: Position,
  waitMs: number,
  { purgeLog, clock }: { readonly purgeLog: PurgeLog; readonly clock: Clock },
): Promise<readonly Receipt[]> {
  const acceptedAt = clock.monotonic();
  const elapsed = (): number => clock.monotonic() - acceptedAt;
  const proven = new Map<string, Receipt>();
  const woken = new Wakeable();
  const take = (beat: Heartbeat): void => {
    const { edge } = beat;
    if (proven.get(edge)?.state === "applied" || comparePositions(beat.position, position) < 0) return;
    const objects = beat.applied.find((one) => comparePositions(one.position, position) === 0)?.objects ?? 0;
    proven.set(edge, { edge, state: "applied", ms: elapsed(), objects });
    woken.wake();
  };
  const unsubscribe = purgeLog.onHeartbeat(take);
  try {
    let members = await purgeLog.members();
    let seen = true;
    for (;;) {
      for (const member of members) take(member);
      takeSilence(members, proven, elapsed());
      const receipts = members.map(({ edge }) => proven.get(edge) ?? pendingReceipt(edge, elapsed()));
      const left = waitMs - elapsed();
      if (left <= 0 || receipts.every(({ state }) => state !== "pending")) return receipts;
      const pending = members.filter(({ edge }) => !proven.has(edge));
      await woken.sleep(clock, Math.min(left, ...(seen ? pending.map(fencedInMs) : [LOOK_AGAIN_MS])));
      const latest = await purgeLog.members().catch(() => undefined);
      seen = latest !== undefined;
      members = latest ?? members;
    }
  } finally {
    unsubscribe();
  }
}

/** Notes who is fenced; also who no longer is, because it is heard of again and has not applied the purge yet. */
function takeSilence(members: readonly Member[], proven: Map<string, Receipt>, ms: number): void {
  for (const member of members) {
    const { edge } = member;
    const known = proven.get(edge)?.state;
    if (known === "applied") continue;
    if (fencedInMs(member) > 0) proven.delete(edge);
    else if (known === undefined) proven.set(edge, { edge, state: "fenced", ms, objects: 0 });
  }
}

function pendingReceipt(edge: string, ms: number): Receipt {
  return { edge, state: "pending", ms, objects: 0 };
}

/** Milliseconds until the edge's lease has surely run out, by the purge log's clock; 0 or less when it has. */
function fencedInMs(member: Member): number {
  return member.leaseMs * CLOCK_RATE_MARGIN + MARGIN_MS - member.heartbeatAgeMs;
}

/** Sleeps until a time has passed or somebody wakes it, whichever comes first. */
class Wakeable {
  #alarm = new AbortController();

  wake(): void {
    this.#alarm.abort();
  }

  /** Returns at once when it was woken since it last slept. */
  async sleep(clock: Clock, ms: number): Promise<void> {
    const { signal } = this.#alarm;
    try {
      if (!signal.aborted) await clock.wait(ms, signal);
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
    this.#alarm = new AbortController();
  }
}
