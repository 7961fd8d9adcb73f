import { comparePositions, formatPosition } from "../../purge-log/position.ts";
import type { FaultEvent, PurgeEvent, ReadEvent, Violation } from "./history.ts";

export interface CheckerOptions {
  readonly leaseMs: number;
}

// Clock rates agree within 1 %; timers fire a little late.
const CLOCK_RATE_MARGIN = 1.01;
const MARGIN_MS = 50;

// No read takes so long: what is bound by an older obligation is bound by no weaker one any more.
const LONGEST_READ_MS = 60_000;

// Events of one page that a report shows.
const SHOWN_EVENTS = 60;

/** Reads of the page that are decided after `from` must show what the origin read after `readAfter`. */
interface Obligation {
  readonly rule: "Proven" | "Bounded";
  readonly from: number;
  readonly readAfter: number;
  readonly purge: PurgeEvent;
}

/**
 * Judges every read by the guarantees, as it ends. A purge must be told before the reads that end after it: then
 * everything that a read is bound by is known when the read is told.
 *
 * - *Proven*: decided after `applied` was answered: the origin was read after the purge was sent.
 * - *Bounded*: the same for what is decided later than acceptance + lease (+ 1 % + 50 ms), whatever was answered.
 * - *Nothing lost*: neither ever ends; a run closes with a read of every page at every edge.
 * - Soft purges: for a reader who names no purge, they make stale instead of removing. STALE is allowed where every
 *   purge that binds is soft, as long as the page's stale-while-revalidate reaches from when it was applied.
 * - *Read-your-purge*: an answer to EdgeCache-After is never older than that purge.
 * - *Whole*: fields and content are of the same version.
 * - *In order*: a purge that was sent after another was answered stands behind it; the same id, the same place.
 */
export class Checker {
  readonly violations: Violation[] = [];
  readonly #leaseMs: number;
  readonly #obligations = new Map<string, Obligation[]>();
  readonly #events = new Map<string, { readonly at: number; readonly text: string }[]>();
  readonly #faults: FaultEvent[] = [];
  #lastDue = 0;

  constructor({ leaseMs }: CheckerOptions) {
    this.#leaseMs = leaseMs;
  }

  /** When the last obligation so far begins to hold. */
  get lastDue(): number {
    return this.#lastDue;
  }

  purged(purge: PurgeEvent): void {
    for (const url of purge.urls) {
      this.#note(url, purge.sentAt, `purge ${purge.id} of ${purge.named} sent`);
      const answeredAt = purge.provenAt ?? purge.acceptedBy;
      if (answeredAt !== undefined) this.#note(url, answeredAt, `purge ${purge.id}: ${purge.outcome}`);
    }
    if (purge.acceptedBy === undefined) return;
    const bound = purge.acceptedBy + this.#leaseMs * CLOCK_RATE_MARGIN + MARGIN_MS;
    this.#oblige(purge, "Bounded", bound);
    if (purge.provenAt !== undefined) this.#oblige(purge, "Proven", purge.provenAt);
  }

  read(read: ReadEvent): void {
    const { edge, url, outcome, version, originReadAt } = read;
    const origin = `version ${version}, read at ${ms(originReadAt)}`;
    this.#note(url, read.endedAt, `${edge} ${outcome} ${origin}; asked at ${ms(read.sentAt)}`);
    const { contentVersion, decidedAfter } = read;
    if (contentVersion !== version) {
      this.#violated(
        "Whole",
        url,
        `${edge} gave the fields of ${version} with the content of ${contentVersion}`,
      );
    }
    const due = this.#strictest(read);
    if (due !== undefined) {
      const late = ms(decidedAfter - due.from);
      this.#violated(
        due.rule,
        url,
        `${edge} decided, ${late} ms after it had to know of purge ${due.purge.id} (${due.purge.outcome}), ` +
          `to answer ${outcome} ${origin}; the purge was sent at ${ms(due.readAfter)}`,
      );
    }
    const { after } = read;
    if (after !== undefined && originReadAt < after.sentAt) {
      this.#violated(
        "Read-your-purge",
        url,
        `${edge} answered ${outcome} ${origin} to one who named ${after.id}`,
      );
    }
  }

  /** `before`: a purge that had been answered when `later` was first sent. */
  ordered(before: PurgeEvent, later: PurgeEvent): void {
    if (before.position === undefined || later.position === undefined) return;
    if (comparePositions(before.position, later.position) < 0) return;
    const places = `${formatPosition(later.position)}, not behind ${formatPosition(before.position)}`;
    this.#violated(
      "In order",
      undefined,
      `purge ${later.id} was sent after ${before.id} and stands at ${places}`,
    );
  }

  /** A retry of a purge that had been answered. A new epoch may have forgotten it. */
  repeated(first: PurgeEvent, retry: PurgeEvent): void {
    const [one, two] = [first.position, retry.position];
    if (one === undefined || two === undefined || two.epoch > one.epoch || comparePositions(one, two) === 0)
      return;
    this.#violated(
      "In order",
      undefined,
      `purge ${first.id} stands at ${formatPosition(one)} and ${formatPosition(two)}`,
    );
  }

  faulted(fault: FaultEvent): void {
    this.#faults.push(fault);
  }

  /** Something that no read shows, such as an edge that ended by itself. */
  broken(rule: string, what: string): void {
    this.#violated(rule, undefined, what);
  }

  /** The latest events of a page and the faults among them, in order of time. */
  #historyOf(url: string): readonly string[] {
    const events = this.#events.get(url) ?? [];
    const first = events[0]?.at ?? 0;
    const faults = this.#faults
      .filter(({ at }) => at >= first)
      .map(({ at, what }) => ({ at, text: `** ${what}` }));
    return [...events, ...faults].sort((a, b) => a.at - b.at).map(({ at, text }) => `${ms(at)}  ${text}`);
  }

  #oblige(purge: PurgeEvent, rule: Obligation["rule"], from: number): void {
    this.#lastDue = Math.max(this.#lastDue, from);
    const now = purge.acceptedBy ?? from;
    for (const url of purge.urls) {
      const there = this.#obligations.get(url) ?? [];
      // What an old one asks for that every read still under way is bound by, too.
      const old = there.filter((one) => !one.purge.soft && one.from < now - LONGEST_READ_MS);
      const asked = Math.max(...old.map(({ readAfter }) => readAfter));
      const needed = there.filter(({ readAfter }) => readAfter >= asked);
      this.#obligations.set(url, [...needed, { rule, from, readAfter: purge.sentAt, purge }]);
    }
  }

  /** Of the obligations that the read breaks, the one that asks for the latest. */
  #strictest(read: ReadEvent): Obligation | undefined {
    const { url, decidedAfter, originReadAt } = read;
    let strictest: Obligation | undefined;
    for (const one of this.#obligations.get(url) ?? []) {
      const holds = one.from < decidedAfter && originReadAt < one.readAfter && !mayBeStale(one.purge, read);
      if (holds && one.readAfter > (strictest?.readAfter ?? 0)) strictest = one;
    }
    return strictest;
  }

  #note(url: string, at: number, text: string): void {
    const events = this.#events.get(url) ?? [];
    events.push({ at, text });
    if (events.length > SHOWN_EVENTS) events.shift();
    this.#events.set(url, events);
  }

  #violated(rule: string, url: string | undefined, what: string): void {
    this.violations.push({ rule, url, what, history: url === undefined ? [] : this.#historyOf(url) });
  }
}

/** An edge that has not said so may have applied it at any time: then nothing tells when it ends. */
function mayBeStale({ soft, appliedBy }: PurgeEvent, read: ReadEvent): boolean {
  const { outcome, staleSeconds, decidedAfter, after } = read;
  if (!soft || outcome !== "STALE" || staleSeconds === 0 || after !== undefined) return false;
  const until = (appliedBy ?? Number.POSITIVE_INFINITY) + staleSeconds * 1000 * CLOCK_RATE_MARGIN + MARGIN_MS;
  return decidedAfter < until;
}

function ms(at: number): string {
  return at.toFixed(1);
}
