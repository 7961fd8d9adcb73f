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
  /** The purge names a site, and the edge is configured with other sites than this one. */
  readonly differs?: boolean;
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

/** Where a purge stands in the log, and in which of its histories. */
export interface AcceptedPurge {
  readonly position: Position;
  readonly runId: string;
  /** The digest of the sites by which its targets were read; undefined when they name no site. */
  readonly sites?: string | undefined;
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
 * Waits until every known edge has applied the purge or is fenced, for at most `waitMs` (and as long as the log takes
 * to say that it does not answer). Sorted by edge. Throws a Failure when the heartbeat table cannot be read at the
 * first look; later it goes by what it has seen.
 */
export async function collectReceipts(
  purge: AcceptedPurge,
  waitMs: number,
  { purgeLog, clock }: { readonly purgeLog: PurgeLog; readonly clock: Clock },
): Promise<Receipts> {
  const wait = new ReceiptWait(purge, purgeLog, clock);
  const unsubscribe = purgeLog.onHeartbeat((beat) => wait.hear(beat));
  try {
    return await wait.result(waitMs);
  } finally {
    unsubscribe();
  }
}

/**
 * The wait for the receipts of one purge. The heartbeat of an edge that has applied it wakes the wait. The table is
 * looked at when the next silent edge may be fenced, and whenever a heartbeat alone cannot tell.
 */
class ReceiptWait {
  readonly #purge: AcceptedPurge;
  readonly #purgeLog: Pick<PurgeLog, "members">;
  readonly #clock: Clock;
  readonly #acceptedAt: number;
  /** Receipts that say applied or fenced, by edge. */
  readonly #proven = new Map<string, Receipt>();
  readonly #alarm = new Alarm();
  #table: Table = { members: [], seen: false, lookedAt: 0 };

  constructor(purge: AcceptedPurge, purgeLog: Pick<PurgeLog, "members">, clock: Clock) {
    this.#purge = purge;
    this.#purgeLog = purgeLog;
    this.#clock = clock;
    this.#acceptedAt = clock.monotonic();
  }

  /** An edge has sent a heartbeat. */
  hear(beat: Heartbeat): void {
    const before = this.#proven.get(beat.edge)?.state;
    if (before === "applied") return;
    const { members, seen } = this.#table;
    const isKnown = !seen || members.some(({ edge }) => edge === beat.edge);
    // Heartbeats of another history, of unknown edges and of fenced edges need a fresh look at the table.
    if (beat.runId !== this.#purge.runId) this.#alarm.wake("look");
    else if (this.#take(beat)) this.#alarm.wake(isKnown ? "proof" : "look");
    else if (before === "fenced") this.#alarm.wake("look");
  }

  async result(waitMs: number): Promise<Receipts> {
    await this.#look();
    for (let news: News = "look"; ; ) {
      const receipts = this.#receipts();
      const left = waitMs - this.#elapsed();
      if (left <= 0 || isProven(receipts)) return receipts;
      const patience = news === "proof" ? LOOK_AGAIN_MS : left;
      news = await this.#alarm.sleep(this.#clock, Math.min(left, patience, this.#untilNextLook()));
      if (news === "look") await this.#look().catch(() => this.#lookFailed());
    }
  }

  /** Rules R2 and R3 by the heartbeat table. */
  async #look(): Promise<void> {
    const members = await this.#purgeLog.members();
    this.#table = { members, seen: true, lookedAt: this.#elapsed() };
    for (const member of members) {
      this.#take(member);
      this.#takeSilence(member);
    }
  }

  #lookFailed(): void {
    this.#table = { members: this.#table.members, seen: false, lookedAt: this.#elapsed() };
  }

  /** Rule R2: whether the heartbeat has proven that its edge has applied the purge. */
  #take(beat: Heartbeat): boolean {
    const { edge } = beat;
    const { position } = this.#purge;
    if (this.#proven.get(edge)?.state === "applied" || comparePositions(beat.position, position) < 0) {
      return false;
    }
    const objects = objectsAt(position, beat);
    this.#proven.set(edge, { edge, state: "applied", ms: this.#elapsed(), objects });
    return true;
  }

  /** Rule R3: an edge is fenced by its silence. It is so no longer when it is heard of again: it must apply the purge. */
  #takeSilence(member: Member): void {
    const { edge } = member;
    const known = this.#proven.get(edge)?.state;
    if (known === "applied") return;
    if (fencedInMs(member) > 0) this.#proven.delete(edge);
    else if (known === undefined) {
      this.#proven.set(edge, { edge, state: "fenced", ms: this.#elapsed(), objects: 0 });
    }
  }

  #receipts(): Receipts {
    const { members } = this.#table;
    const ms = this.#elapsed();
    return {
      edges: members.map((member): Receipt => {
        const { edge } = member;
        const receipt = this.#proven.get(edge) ?? { edge, state: "pending", ms, objects: 0 };
        return this.#differs(member) ? { ...receipt, differs: true } : receipt;
      }),
      complete: mayBeMissingForMs(members) <= 0,
      staleWhenLapsed: members
        .filter((member) => member.staleWhenLapsed && leaseEndsInMs(member) <= 0)
        .map(({ edge }) => edge)
        .filter((edge) => !this.#proven.has(edge)),
    };
  }

  /** Whether the edge may understand another site by a name of the purge. An older edge does not say. */
  #differs({ sites }: Member): boolean {
    return this.#purge.sites !== undefined && sites !== "" && sites !== this.#purge.sites;
  }

  /** Milliseconds until the table may tell something new: a silent edge is fenced, or no lost row matters any more. */
  #untilNextLook(): number {
    const { members, seen, lookedAt } = this.#table;
    const silent = members.filter(({ edge }) => !this.#proven.has(edge)).map(fencedInMs);
    const missingMs = mayBeMissingForMs(members);
    const next = seen ? [...silent, ...(missingMs > 0 ? [missingMs] : [])] : [LOOK_AGAIN_MS];
    return Math.max(0, lookedAt + Math.min(...next) - this.#elapsed());
  }

  #elapsed(): number {
    return this.#clock.monotonic() - this.#acceptedAt;
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

/** Sleeps until a time has passed, which is a reason to look, or until it is woken. */
class Alarm {
  #news: News | undefined;
  #sleeping: AbortController | undefined;

  wake(news: News): void {
    this.#news = this.#news === "look" ? "look" : news;
    this.#sleeping?.abort(WOKEN);
  }

  /** Returns at once when it was woken since it last slept. */
  async sleep(clock: Clock, ms: number): Promise<News> {
    if (this.#news === undefined) {
      const sleeping = new AbortController();
      this.#sleeping = sleeping;
      await clock.wait(ms, sleeping.signal).catch((thrown: unknown) => {
        if (!sleeping.signal.aborted) throw thrown;
      });
    }
    const news = this.#news ?? "look";
    this.#news = undefined;
    return news;
  }
}

// Without a reason, every abort would make an error with a stack of its own.
const WOKEN = new Error("woken");
