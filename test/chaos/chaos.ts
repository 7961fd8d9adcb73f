/**
 * Real edges, a real Redis and a real origin, under load, faults and purges; every read is judged.
 *
 * 1. Readers read random pages through every edge; purgers edit pages and purge them through random edges.
 * 2. Steps of the schedule are suffered one after the other. A step is over when its faults are undone; the system
 *    has recovered when a purge is applied at every edge again.
 * 3. At the end everything is healed, the last lease has run out, and every page is read at every edge.
 */
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { EdgeProcess } from "../rig/edge-process.ts";
import { Checker } from "./checker.ts";
import { Disks } from "./disks.ts";
import type { Violation } from "./history.ts";
import { type Move, movesOf } from "./move.ts";
import { Purgers } from "./purgers.ts";
import { Readers } from "./readers.ts";
import { diskSchedule, schedule } from "./schedule.ts";
import { SentinelSystem } from "./sentinel-system.ts";
import { System } from "./system.ts";
import type { VersionedOrigin } from "./versioned-origin.ts";

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Failovers by Sentinel, in place of the faults of one Redis. */
  readonly sentinel?: boolean;
  /** Edges that all have disks, and are killed in a loop. */
  readonly disk?: boolean;
  /** One line for each step, as it is over. */
  readonly onStep?: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly leaseMs: number;
  /** By kind. */
  readonly faults: ReadonlyMap<string, number>;
  /** Reads with content, by X-Cache and whether they came from disk. */
  readonly reads: ReadonlyMap<string, number>;
  /** Reads that failed, by status or error code. */
  readonly failures: ReadonlyMap<string, number>;
  /** By outcome. */
  readonly purges: ReadonlyMap<string, number>;
  readonly originRequests: number;
  readonly violations: readonly Violation[];
  /** Milliseconds from the end of each step until a purge was applied at every edge. */
  readonly recoveriesMs: readonly number[];
}

// The shortest that an edge allows: most happens in a minute.
const LEASE_MS = 1_000;
// The number of the edge that begins empty again, unless all have disks.
const DISKLESS = 1;
const READERS_AN_EDGE = 4;
const PURGERS = 3;
const RECOVERY_PATIENCE_MS = 30_000;

/** Plays the schedule of the seed for so long. Throws when the system cannot be started. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const random = new SeededRandom(options.seed);
  const steps = random.fork();
  if (options.sentinel === true) {
    const system = await SentinelSystem.start(random.fork(), LEASE_MS);
    return await played(system, system.moves(steps), options, random);
  }
  const { disk = false } = options;
  const disks = await Disks.make(disk ? undefined : DISKLESS);
  const system = await System.start(random.fork(), LEASE_MS, (_, origin) => ({ origin }), disks);
  const { length: edges } = system.edges;
  const plan = disk
    ? diskSchedule(steps, edges, LEASE_MS)
    : schedule(steps, edges, LEASE_MS, system.canSetClocks);
  return await played(system, movesOf(plan, system), options, random);
}

/** Three edges and their origin, as a run sees them. */
interface Stage {
  readonly edges: readonly EdgeProcess[];
  readonly origin: VersionedOrigin;
  close(): Promise<void>;
}

async function played(
  stage: Stage,
  moves: Generator<Move, never>,
  options: ChaosOptions,
  random: SeededRandom,
): Promise<ChaosReport> {
  try {
    return await new Run(stage, options, random).play(moves);
  } finally {
    await stage.close();
  }
}

class Run {
  readonly #system: Stage;
  readonly #options: ChaosOptions;
  readonly #random: SeededRandom;
  readonly #checker = new Checker({ leaseMs: LEASE_MS });
  readonly #purgers: Purgers;
  readonly #readers: Readers;
  readonly #faults = new Map<string, number>();
  readonly #recoveriesMs: number[] = [];

  constructor(system: Stage, options: ChaosOptions, random: SeededRandom) {
    this.#system = system;
    this.#options = options;
    this.#random = random;
    this.#purgers = new Purgers(system.edges, system.origin, this.#checker);
    this.#readers = new Readers(this.#checker, this.#purgers.latest);
    for (const edge of system.edges) edge.onCrash = (said) => this.#checker.broken("No crash", said);
  }

  async play(moves: Generator<Move, never>): Promise<ChaosReport> {
    const { minutes, seed } = this.#options;
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1000;
    try {
      let whole = await this.#recovers("start");
      this.#startLoad();
      while (whole && seconds() < minutes * 60) whole = await this.#step(moves.next().value, seconds);
      await this.#stopLoad();
      if (whole) await this.#sweep();
    } finally {
      await this.#stopLoad();
      this.#purgers.close();
    }
    return {
      seed,
      seconds: seconds(),
      leaseMs: LEASE_MS,
      faults: this.#faults,
      reads: this.#readers.counts.answers,
      failures: this.#readers.counts.failures,
      purges: this.#purgers.counts,
      originRequests: this.#system.origin.requests,
      violations: this.#checker.violations,
      recoveriesMs: this.#recoveriesMs,
    };
  }

  #startLoad(): void {
    for (const edge of this.#system.edges) {
      for (let reader = 0; reader < READERS_AN_EDGE; reader += 1)
        this.#readers.start(edge, this.#random.fork());
    }
    for (let purger = 0; purger < PURGERS; purger += 1) this.#purgers.start(this.#random.fork());
  }

  /** Resolves when the last answers have come. */
  async #stopLoad(): Promise<void> {
    await this.#purgers.stop();
    await this.#readers.stop();
  }

  /** Returns whether the system is whole again. */
  async #step({ what, kinds, happen, calmMs }: Move, seconds: () => number): Promise<boolean> {
    this.#checker.faulted({ at: performance.now(), what });
    await happen();
    this.#checker.faulted({ at: performance.now(), what: `undone: ${what}` });
    for (const kind of kinds) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
    const whole = await this.#recovers(what);
    const violations = this.#checker.violations.length;
    const recovered = `recovered in ${this.#recoveriesMs.at(-1)?.toFixed(0)} ms, ${violations} violations`;
    this.#options.onStep?.(
      `${seconds().toFixed(1).padStart(8)} s  ${what}; ${whole ? recovered : "not recovered"}`,
    );
    await delay(calmMs);
    return whole;
  }

  async #recovers(what: string): Promise<boolean> {
    const healedAt = performance.now();
    const recovered = await this.#purgers.provenEverywhere(this.#random, RECOVERY_PATIENCE_MS);
    if (recovered) this.#recoveriesMs.push(performance.now() - healedAt);
    else
      this.#checker.broken(
        "Recovery",
        `no purge was applied everywhere in ${RECOVERY_PATIENCE_MS} ms after: ${what}`,
      );
    return recovered;
  }

  /** *Nothing lost*: when every obligation holds, every page at every edge. */
  async #sweep(): Promise<void> {
    await delay(Math.max(0, this.#checker.lastDue - performance.now()));
    for (const edge of this.#system.edges) {
      const unanswered = await this.#readers.sweep(edge);
      if (unanswered.length > 0)
        this.#checker.broken("Recovery", `${edge.id} does not answer ${unanswered.join(", ")}`);
    }
  }
}
