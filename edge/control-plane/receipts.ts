import type { Clock } from "../../process/clock.ts";
import { fencedInMs, leaseEndsInMs } from "../../purge-log/membership.ts";
import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { Heartbeat, Member, PurgeLog } from "../../purge-log/purge-log.ts";

/** What became of one purge at one edge. */
export interface Receipt {
  readonly edge: string;
  /** fenced: cut off for longer than its lease, so it serves nothing unvalidated. */
  readonly state: "applied" | "fenced" | "pending";
  /** Milliseconds from the acceptance of the purge to this state. */
  readonly ms: number;
  /** Stored responses that it removed or softened there. */
  readonly objects: number;
  /** Bytes charged for them; known of a dry run only. */
  readonly bytes?: number;
}

// After a look that failed, or when some edges have applied it and the others have not: one of these may have been
// taken out of the table. As long as a heartbeat's period: sooner there is hardly anything new to see.
const LOOK_AGAIN_MS = 250;

/** What is known of one purge at every edge. */
export interface Receipts {
  readonly edges: readonly Receipt[];
  /** false while an edge may serve by its lease that the heartbeat table does not name, because it lost rows. */
  readonly complete: boolean;
  /** Edges that are pending however long they are silent, because they serve stale responses without a lease. */
  readonly staleWhenLapsed: readonly string[];
}

/** The heartbeat table at the latest look; `seen` is false when that look failed, and the rows are older. */
interface Table {
  readonly members: readonly Member[];
  readonly seen: boolean;
  /** In milliseconds since the purge was accepted. */
  readonly lookedAt: number;
}

/** Rule R1: whether the purge is proven, so that nobody can serve what it covers. */
export function isProven({ edges, complete }: Pick<Receipts, "edges" | "complete">): boolean {
  return complete && edges.every(({ state }) => state !== "pending");
}

/**
 * Waits until every known edge has applied the purge at `position` or is fenced, for at most `waitMs` (and as
 * long as the log takes to say that it does not answer). It is woken by the heartbeat of an edge that has applied
 * it, and looks at the table when the next silent edge may be fenced. Sorted by edge.
 * Throws a Failure when the heartbeat table cannot be read at the first look; later it goes by what it has seen.
 */
export async function collectReceipts(
  { position, runId }: { readonly position: Position; readonly runId: string },
  waitMs: number,
  { purgeLog, clock }: { readonly purgeLog: PurgeLog; readonly clock: Clock },
): Promise<Receipts> {
  const acceptedAt = clock.monotonic();
  const elapsed = (): number => clock.monotonic() - acceptedAt;
  const proven = new Map<string, Receipt>();
  const woken = new Wakeable();
  let table: Table = { members: [], seen: false, lookedAt: 0 };
  const look = async (): Promise<Table> => {
    const members = await purgeLog.members();
    return { members, seen: true, lookedAt: elapsed() };
  };
  const hear = (beat: Heartbeat): void => {
    const before = proven.get(beat.edge)?.state;
    if (before === "applied") return;
    // A heartbeat of another history cannot be compared; the table can tell what it is worth. So it can of who is
    // new, and of who was fenced and is heard of again.
    const known = !table.seen || table.members.some(({ edge }) => edge === beat.edge);
    if (beat.runId !== runId) woken.wake("look");
    else if (take(beat)) woken.wake(known ? "proof" : "look");
    else if (before === "fenced") woken.wake("look");
  };
  const take = (beat: Heartbeat): boolean => {
    const { edge } = beat;
    if (proven.get(edge)?.state === "applied" || comparePositions(beat.position, position) < 0) return false;
    proven.set(edge, { edge, state: "applied", ms: elapsed(), objects: objectsAt(position, beat) });
    return true;
  };
  const unsubscribe = purgeLog.onHeartbeat(hear);
  try {
    table = await look();
    for (let news: News = "look"; ; ) {
      const { members, seen, lookedAt } = table;
      if (news === "look") {
        for (const member of members) take(member);
        takeSilence(members, proven, elapsed());
      }
      const missingMs = mayBeMissingForMs(members);
      const edges = members.map(({ edge }) => proven.get(edge) ?? pendingReceipt(edge, elapsed()));
      const staleWhenLapsed = members
        .filter((member) => member.staleWhenLapsed && !proven.has(member.edge) && leaseEndsInMs(member) <= 0)
        .map(({ edge }) => edge);
      const receipts = { edges, complete: missingMs <= 0, staleWhenLapsed };
      const left = waitMs - elapsed();
      if (left <= 0 || isProven(receipts)) return receipts;
      const silent = members.filter(({ edge }) => !proven.has(edge)).map(fencedInMs);
      const next = seen ? [...silent, ...(missingMs > 0 ? [missingMs] : [])] : [LOOK_AGAIN_MS];
      const untilNext = Math.max(0, lookedAt + Math.min(...next) - elapsed());
      const patience = news === "proof" ? LOOK_AGAIN_MS : left;
      news = await woken.sleep(clock, Math.min(left, untilNext, patience));
      if (news === "look") table = await look().catch(() => ({ members, seen: false, lookedAt: elapsed() }));
    }
  } finally {
    unsubscribe();
  }
}

/**
 * Milliseconds until the lease of an edge whose row was lost, with the table or a tail of it, has surely run out;
 * 0 or less when no row can be missing. The edges of one log are taken to have leases no longer than the longest
 * that is known. An empty table, where not even this edge stands, is one that was just lost.
 */
function mayBeMissingForMs(members: readonly Member[]): number {
  const longest = Math.max(...members.map(({ leaseMs }) => leaseMs));
  const [first] = members;
  return first === undefined
    ? LOOK_AGAIN_MS
    : leaseEndsInMs({ leaseMs: longest, heartbeatAgeMs: first.tableAgeMs });
}

/** Rule R3: notes which edges are fenced, and which no longer are: they are heard of again and still have to apply it. */
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

/** How many stored responses it says that the purge removed there; 0 also when that is too long ago to be said. */
function objectsAt(position: Position, { applied }: Heartbeat): number {
  return applied.find((one) => comparePositions(one.position, position) === 0)?.objects ?? 0;
}

/** Rules R2 and R3 by the heartbeat table alone, at the moment of the look. */
export function receiptNow(position: Position, member: Member): Receipt {
  const { edge } = member;
  if (comparePositions(member.position, position) >= 0) {
    return { edge, state: "applied", ms: 0, objects: objectsAt(position, member) };
  }
  return { edge, state: fencedInMs(member) > 0 ? "pending" : "fenced", ms: 0, objects: 0 };
}

/** What there is to do: look at the heartbeat table, or only at what heartbeats have proven. */
type News = "look" | "proof";

/** Sleeps until a time has passed, which is a reason to look, or somebody wakes it, whichever comes first. */
class Wakeable {
  #news: News | undefined;
  #alarm: AbortController | undefined;

  wake(news: News): void {
    this.#news = this.#news === "look" ? "look" : news;
    this.#alarm?.abort(WOKEN);
  }

  /** Returns at once when it was woken since it last slept. */
  async sleep(clock: Clock, ms: number): Promise<News> {
    if (this.#news === undefined) {
      const alarm = new AbortController();
      this.#alarm = alarm;
      await clock.wait(ms, alarm.signal).catch((thrown: unknown) => {
        if (!alarm.signal.aborted) throw thrown;
      });
    }
    const news = this.#news ?? "look";
    this.#news = undefined;
    return news;
  }
}

// Without a reason, every abort would make an error with a stack of its own.
const WOKEN = new Error("woken");
