import type { Line } from "./message.ts";
import type { Answer, Exchange, Invalidation, PurgeEvent, Question, Tick } from "./record.ts";
import { distinct, lastOf, type Made, type Snapshot, snapshotsOf, tagsOf } from "./snapshot.ts";

// Parts can be put together in twice as many ways for each that comes: the first and the last ways are those of
// a cache that keeps few of them or all.
const MOST_EACH = 50;

/** Everything that has happened so far, as an onlooker between the edge and the rest of the world writes it down. */
export class Book {
  /** How long the edge may trust its store after it last heard from the purge log. */
  readonly leaseMs: number;
  readonly exchanges: Exchange[] = [];
  readonly purges: PurgeEvent[] = [];
  readonly invalidations: Invalidation[] = [];
  readonly snapshots: Snapshot[] = [];
  /** The answers so far, in order. */
  readonly answers: { readonly question: Question; readonly answer: Answer }[] = [];
  /** When nothing was left that could happen without a step of the history: what had ended was stored by then. */
  readonly pauses: Tick[] = [];
  /** Since when the edge is cut off from the purge log. */
  cutAt: number | undefined;
  #tick: Tick = 0;

  constructor(leaseMs: number) {
    this.leaseMs = leaseMs;
  }

  tick(): Tick {
    this.#tick += 1;
    return this.#tick;
  }

  /** Writes down what may be stored and must be forgotten because of a reply. */
  replied(exchange: Made): void {
    const made = distinct(snapshotsOf(exchange, this.snapshots));
    this.snapshots.push(...made.filter((_, at) => at < MOST_EACH || at >= made.length - MOST_EACH));
    const { status, fields, tick } = exchange.outcome;
    // RFC 9111 section 4.4: an unsafe method that succeeded, or sent the client elsewhere.
    if (exchange.method === "GET" || exchange.method === "HEAD" || status >= 400) return;
    const named = fields
      .filter(([name]) => /^(content-)?location$/i.test(name))
      .map(([, value]: Line) => value);
    for (const target of new Set([exchange.target, ...named])) this.invalidations.push({ target, tick });
  }

  /** The snapshots that the exchange was the last to make. */
  madeBy(id: number): readonly Snapshot[] {
    return this.snapshots.filter((snapshot) => lastOf(snapshot).id === id);
  }

  /**
   * The purges that forbid an answer to `question` from what was read before them, or let it be given as stale only.
   * One that the edge has not heard of forbids nothing by itself: when its lease has run out, nothing may be trusted.
   */
  purgesBetween(snapshot: Snapshot, question: Question): readonly PurgeEvent[] {
    const read = lastOf(snapshot).begunTick;
    return this.purges.filter((purge) => {
      const heard = purge.appliedTick !== undefined && purge.appliedTick < question.tick;
      return heard && read < purge.tick && covers(purge, snapshot);
    });
  }

  invalidatedBetween(snapshot: Snapshot, question: Question): Invalidation | undefined {
    const read = lastOf(snapshot).outcome.tick;
    return this.invalidations.find(
      ({ target, tick }) => target === snapshot.target && read < tick && tick < question.tick,
    );
  }

  /** Exchanges for the same target that were under way at some time between the question and its answer. */
  during(question: Question, until: Tick): readonly Exchange[] {
    return this.exchanges.filter(
      (exchange) =>
        exchange.target === question.target && exchange.begunTick < until && endOf(exchange) > question.tick,
    );
  }
}

/** When the last of it had come; never, while something is still to come. */
export function endOf({ outcome }: Exchange): Tick {
  switch (outcome.kind) {
    case "waiting":
      return Number.POSITIVE_INFINITY;
    case "failed":
      return outcome.tick;
    case "replied":
      return outcome.ending.kind === "coming" ? Number.POSITIVE_INFINITY : outcome.ending.tick;
  }
}

/** Whether the origin, or the way to it, let the exchange down. */
export function hasFailed({ outcome }: Exchange): boolean {
  return outcome.kind === "failed" || (outcome.kind === "replied" && outcome.ending.kind === "broken");
}

function covers({ scope }: PurgeEvent, snapshot: Snapshot): boolean {
  switch (scope.kind) {
    case "url":
      return scope.target.includes("?")
        ? scope.target === snapshot.target
        : scope.target === snapshot.target.split("?", 1)[0];
    case "prefix":
      return snapshot.target.startsWith(scope.prefix);
    case "tag":
      return tagsOf(snapshot).includes(scope.tag);
    case "everything":
      return true;
  }
}
