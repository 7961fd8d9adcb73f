/**
 * The fleet of a day in hours: what chaos does to it with long pauses, and what operators do, under a load that leaves
 * the machine to others. Every read is judged as in chaos, and what the programs take is looked at all the while.
 */
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { Checker } from "../chaos/checker.ts";
import type { Violation } from "../chaos/history.ts";
import { Purgers } from "../chaos/purgers.ts";
import { Readers } from "../chaos/readers.ts";
import { schedule } from "../chaos/schedule.ts";
import { ManyReaders } from "./many-readers.ts";
import { describeOperation, kindsOf, type Operation, operations } from "./operation.ts";
import { Programs } from "./programs.ts";
import { PAGES_SITE, SoakFleet } from "./soak-fleet.ts";
import { minuteText, type SoakSums } from "./soak-text.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export interface SoakOptions {
  readonly hours: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SoakReport {
  readonly verdict: Verdict;
  readonly sums: SoakSums;
  /** By kind. */
  readonly operations: ReadonlyMap<string, number>;
  /** Reads of pages that are purged, by X-Cache. */
  readonly reads: ReadonlyMap<string, number>;
  readonly violations: readonly Violation[];
}

const LEASE_MS = 1_000;
// All programs together take about a third of a core with it.
const PAUSE_MS = 70;
const READERS_AN_EDGE = 1;
const ROUTER_READERS = 3;
const MANY_READERS = 4;
const PURGERS = 2;
const PURGE_PAUSE_MS = 500;
// Long enough that programs also do nothing but serve.
const CALM_MS = [3_000, 12_000] as const;
const RECOVERY_PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
const MINUTE_MS = 60_000;

/** Throws when the fleet cannot be started. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const random = new SeededRandom(options.seed);
  const fleet = await SoakFleet.start(random.fork(), LEASE_MS);
  try {
    return await new Run(fleet, options, random).play();
  } finally {
    await fleet.close();
  }
}

class Run {
  readonly #fleet: SoakFleet;
  readonly #options: SoakOptions;
  readonly #random: SeededRandom;
  readonly #checker = new Checker({ leaseMs: LEASE_MS });
  readonly #purgers: Purgers;
  /** At edges, and through the router. */
  readonly #readers: Readers;
  readonly #routed: Readers;
  readonly #many: ManyReaders;
  readonly #programs: Programs;
  readonly #counts = new Map<string, number>();
  readonly #startedAt = performance.now();
  #operations = 0;
  /** The latest operation and the one before it: one of them is why a request is lost. */
  #latest: readonly string[] = [];
  #lostSaid = 0;

  constructor(fleet: SoakFleet, options: SoakOptions, random: SeededRandom) {
    this.#fleet = fleet;
    this.#options = options;
    this.#random = random;
    const { edges, origin } = fleet.system;
    this.#purgers = new Purgers(edges, origin, this.#checker, { site: PAGES_SITE, pauseMs: PURGE_PAUSE_MS });
    this.#readers = new Readers(this.#checker, this.#purgers.latest, PAUSE_MS);
    this.#routed = new Readers(this.#checker, this.#purgers.latest, PAUSE_MS);
    this.#many = new ManyReaders({
      base: fleet.manyBase,
      pauseMs: PAUSE_MS,
      originFailed: (from, to) => fleet.originFailed(from, to),
      onLost: (what) => options.say(`lost: ${what}`),
      onWrong: (what) => this.#broken("Whole", what),
    });
    this.#programs = new Programs(fleet);
    for (const program of [...edges, fleet.router])
      program.onCrash = (said) => this.#broken("No crash", said);
  }

  async play(): Promise<SoakReport> {
    const { system } = this.#fleet;
    const ms = this.#options.hours * 60 * MINUTE_MS;
    const stopping = new AbortController();
    try {
      await this.#recovers("start");
      this.#startLoad();
      const watching = this.#watch(stopping.signal);
      const steps = schedule(this.#random.fork(), system.edges.length, LEASE_MS, system.canSetClocks);
      const all = operations(this.#random.fork(), steps);
      while (this.#elapsed < ms) {
        await this.#perform(all.next().value);
        await delay(Math.min(this.#random.between(...CALM_MS), Math.max(0, ms - this.#elapsed)));
      }
      stopping.abort();
      await watching;
      await this.#stopLoad();
      await this.#sweep();
    } finally {
      stopping.abort();
      await this.#stopLoad();
      this.#purgers.close();
    }
    const sums = this.#sums();
    return {
      verdict: verdictOf(sums, this.#programs.samples, this.#elapsed),
      sums,
      operations: this.#counts,
      reads: this.#readers.counts.answers,
      violations: this.#checker.violations,
    };
  }

  get #elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  #startLoad(): void {
    const { edges } = this.#fleet.system;
    for (const edge of edges) {
      for (let reader = 0; reader < READERS_AN_EDGE; reader += 1)
        this.#readers.start(edge, this.#random.fork());
    }
    const { base } = this.#fleet.router;
    const router = { id: "router", httpPort: Number(new URL(base).port), asleep: undefined };
    for (let reader = 0; reader < ROUTER_READERS; reader += 1)
      this.#routed.start(router, this.#random.fork());
    for (let reader = 0; reader < MANY_READERS; reader += 1) this.#many.start(this.#random.fork());
    for (let purger = 0; purger < PURGERS; purger += 1) this.#purgers.start(this.#random.fork());
  }

  /** Resolves when the last answers have come. */
  async #stopLoad(): Promise<void> {
    await Promise.all([this.#purgers, this.#readers, this.#routed, this.#many].map((load) => load.stop()));
  }

  async #perform(operation: Operation): Promise<void> {
    const what = describeOperation(operation);
    this.#checker.faulted({ at: performance.now(), what });
    this.#latest = [what, ...this.#latest].slice(0, 2);
    const done = this.#programs.disturb(this.#fleet.disturbedBy(operation));
    try {
      await this.#fleet.perform(operation);
    } catch (thrown) {
      this.#broken("Operation", `${what}: ${thrown}`);
    }
    this.#checker.faulted({ at: performance.now(), what: `over: ${what}` });
    await this.#recovers(what);
    done();
    this.#operations += 1;
    for (const kind of kindsOf(operation)) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  async #recovers(what: string): Promise<void> {
    if (!(await this.#purgers.provenEverywhere(this.#random, RECOVERY_PATIENCE_MS)))
      this.#broken(
        "Recovery",
        `no purge was applied everywhere in ${RECOVERY_PATIENCE_MS} ms after: ${what}`,
      );
  }

  /** Looks at the programs, and says a line each minute. */
  async #watch(stopping: AbortSignal): Promise<void> {
    let saidMinutes = 0;
    while (!stopping.aborted) {
      await this.#programs.look(this.#elapsed);
      this.#sayLost();
      const minutes = Math.floor(this.#elapsed / MINUTE_MS);
      if (minutes > saidMinutes) {
        saidMinutes = minutes;
        this.#options.say(minuteText(this.#sums(), this.#programs.takeLines()));
      }
      await delay(LOOK_EVERY_MS, undefined, { signal: stopping }).catch(() => undefined);
    }
  }

  #sayLost(): void {
    const { lost } = this.#sums();
    if (lost === this.#lostSaid) return;
    this.#options.say(
      `lost: ${lost - this.#lostSaid}, while or after: ${this.#latest.join(", before that: ")}`,
    );
    this.#lostSaid = lost;
  }

  #broken(rule: string, what: string): void {
    this.#options.say(`${rule}: ${what}`);
    this.#checker.broken(rule, what);
  }

  #sums(): SoakSums {
    const { whole, cut, lost, excused } = this.#many.counts;
    const answers = [this.#readers, this.#routed].map(({ counts }) => sum(counts.answers));
    const failures = [...this.#routed.counts.failures];
    const unanswered = (is: (name: string) => boolean) =>
      failures.reduce((all, [name, count]) => all + (is(name) ? count : 0), 0);
    const isStatus = (name: string) => /^\d{3}$/.test(name);
    return {
      minutes: this.#elapsed / MINUTE_MS,
      requests: [whole, cut, lost, excused, ...answers].reduce((all, one) => all + one, 0),
      violations: this.#checker.violations.length,
      lost: lost + unanswered(isStatus),
      excused,
      cut: cut + unanswered((name) => !isStatus(name)),
      purges: this.#purgers.counts,
      operations: this.#operations,
    };
  }

  /** *Nothing lost*: when every obligation holds, every page at every edge. */
  async #sweep(): Promise<void> {
    await delay(Math.max(0, this.#checker.lastDue - performance.now()));
    for (const edge of this.#fleet.system.edges) {
      const unanswered = await this.#readers.sweep(edge);
      if (unanswered.length > 0)
        this.#broken("Recovery", `${edge.id} does not answer ${unanswered.join(", ")}`);
    }
  }
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}
