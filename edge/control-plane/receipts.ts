import type { Clock } from "../../process/clock.ts";
import { fencedInMs, leaseEndsInMs } from "../../purge-log/membership.ts";
import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { Confirmation, Member, PurgeLog } from "../../purge-log/purge-log.ts";
import type { Confirmations } from "./confirmations.ts";

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

// Edges that have applied a purge confirm it within milliseconds, and edges of an earlier version write it into the table
// as fast. So a confirmation that has not come by now may be lost, or its edge may have been taken out of the table.
const LOOK_AGAIN_MS = 250;
// Those who wait for long look less often. No heartbeat is later than this, so the table has something new by then.
const LOOK_AT_LEAST_EVERY_MS = 1000;

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

/** What the edge that took the call collects receipts with. */
export interface ReceiptParts {
  readonly purgeLog: Pick<PurgeLog, "members">;
  readonly clock: Clock;
  readonly confirmations: Confirmations;
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
  parts: ReceiptParts,
): Promise<Receipts> {
  const wait = new ReceiptWait(purge, parts);
  const unsubscribe = parts.confirmations.listen((confirmation) => wait.hear(confirmation));
  try {
    return await wait.result(waitMs);
  } finally {
    unsubscribe();
  }
}

/**
 * The wait for the receipts of one purge. The confirmation of an edge that has applied it wakes the wait. It looks at
 * the table for the edges that there are, and again when the next silent edge may be fenced, or confirmations may have
 * been lost.
 */
class ReceiptWait {
  readonly #purge: AcceptedPurge;
  readonly #parts: ReceiptParts;
  readonly #acceptedAt: number;
  /** Receipts that say applied or fenced, by edge. */
  readonly #proven = new Map<string, Receipt>();
  /** Edges of the table that have neither. */
  readonly #missing = new Set<string>();
  readonly #alarm = new Alarm();
  #table: Table = { members: [], seen: false, lookedAt: 0 };

  constructor(purge: AcceptedPurge, parts: ReceiptParts) {
    this.#purge = purge;
    this.#parts = parts;
    this.#acceptedAt = parts.clock.monotonic();
    // Some confirm before the answer of the log has come.
    for (const confirmation of parts.confirmations.latest()) this.#confirm(confirmation);
  }

  /** An edge has told what it has applied. */
  hear(confirmation: Confirmation): void {
    const { edge, runId } = confirmation;
    if (this.#proven.get(edge)?.state === "applied") return;
    // Only the table tells whether this history has come after that of the purge.
    if (runId !== this.#purge.runId) this.#alarm.wake("look");
    else if (this.#confirm(confirmation)) this.#heardFrom(edge);
  }

  async result(waitMs: number): Promise<Receipts> {
    const { clock } = this.#parts;
    await this.#look();
    for (;;) {
      const left = waitMs - this.#elapsed();
      const receipts = this.#missing.size === 0 || left <= 0 ? this.#receipts() : undefined;
      if (receipts !== undefined && (left <= 0 || isProven(receipts))) return receipts;
      const news = await this.#alarm.sleep(clock, Math.min(left, this.#untilNextLook()));
      if (news === "look") await this.#look().catch(() => this.#lookFailed());
    }
  }

  /** Rule R2: the edge has applied the purge if it is that far in the same history. */
  #confirm({ edge, runId, position }: Confirmation): boolean {
    return runId === this.#purge.runId && this.#take(edge, position, undefined);
  }

  #heardFrom(edge: string): void {
    const isKnown = this.#table.seen && this.#table.members.some((member) => member.edge === edge);
    // An edge that joined since the last look may not be the only one.
    if (this.#table.seen && !isKnown) this.#alarm.wake("look");
    else if (this.#missing.size === 0) this.#alarm.wake("proof");
  }

  /** Rules R2 and R3 by the heartbeat table. */
  async #look(): Promise<void> {
    const members = await this.#parts.purgeLog.members();
    this.#table = { members, seen: true, lookedAt: this.#elapsed() };
    this.#missing.clear();
    for (const member of members) {
      this.#take(member.edge, member.position, member);
      this.#takeSilence(member);
      if (!this.#proven.has(member.edge)) this.#missing.add(member.edge);
    }
  }

  #lookFailed(): void {
    this.#table = { members: this.#table.members, seen: false, lookedAt: this.#elapsed() };
  }

  /** Rule R2: whether the position proves, for the first time, that the edge has applied the purge. */
  #take(edge: string, reached: Position, row: Member | undefined): boolean {
    const { position } = this.#purge;
    if (this.#proven.get(edge)?.state === "applied" || comparePositions(reached, position) < 0) return false;
    const told = this.#parts.confirmations.objects(position, edge);
    const objects = told ?? (row === undefined ? 0 : objectsAt(position, row));
    this.#proven.set(edge, { edge, state: "applied", ms: this.#elapsed(), objects });
    this.#missing.delete(edge);
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
    const silent = members.filter(({ edge }) => this.#missing.has(edge)).map(fencedInMs);
    const missingMs = mayBeMissingForMs(members);
    const next = seen ? [...silent, ...(missingMs > 0 ? [missingMs] : [])] : [];
    const again = Math.min(Math.max(LOOK_AGAIN_MS, lookedAt / 4), LOOK_AT_LEAST_EVERY_MS);
    return Math.max(0, lookedAt + Math.min(again, ...next) - this.#elapsed());
  }

  #elapsed(): number {
    return this.#parts.clock.monotonic() - this.#acceptedAt;
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
function objectsAt(position: Position, { applied }: Member): number {
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

/** What there is to do: look at the heartbeat table, or only at what confirmations have proven. */
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
