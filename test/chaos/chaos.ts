/**
 * Real edges, a real Redis and a real origin, under load, faults and purges; every read is judged.
 *
 * 1. Readers read random pages through every edge; purgers edit pages and purge them through random edges.
 * 2. Steps of the schedule are suffered one after the other. A step is over when its faults are undone; the system
 *    has recovered when a purge is applied at every edge again.
 * 3. At the end everything is healed, the last lease has run out, and every page is read at every edge.
 */
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../rig/seeded-random.ts";
import { Checker } from "./checker.ts";
import type { Violation } from "./history.ts";
import { Purgers } from "./purgers.ts";
import { Readers } from "./readers.ts";
import { describeFault, kindOf, type Step, schedule } from "./schedule.ts";
import { System } from "./system.ts";

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** One line for each step, as it is over. */
  readonly onStep?: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly leaseMs: number;
  /** By kind. */
  readonly faults: ReadonlyMap<string, number>;
  /** Reads with content, by X-Cache. */
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
const READERS_AN_EDGE = 4;
const PURGERS = 3;
const RECOVERY_PATIENCE_MS = 30_000;

/** Plays the schedule of the seed for so long. Throws when the system cannot be started. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const random = new SeededRandom(options.seed);
  const steps = random.fork();
  const system = await System.start(random.fork(), LEASE_MS);
  try {
    return await new Run(system, options, random).play(steps);
  } finally {
    await system.close();
  }
}

class Run {
  readonly #system: System;
  readonly #options: ChaosOptions;
  readonly #random: SeededRandom;
  readonly #checker = new Checker({ leaseMs: LEASE_MS });
  readonly #purgers: Purgers;
  readonly #readers: Readers;
  readonly #faults = new Map<string, number>();
  readonly #recoveriesMs: number[] = [];

  constructor(system: System, options: ChaosOptions, random: SeededRandom) {
    this.#system = system;
    this.#options = options;
    this.#random = random;
    this.#purgers = new Purgers(system.edges, system.origin, this.#checker);
    this.#readers = new Readers(this.#checker, this.#purgers.latest);
    for (const edge of system.edges) edge.onCrash = (said) => this.#checker.broken("No crash", said);
  }

  async play(random: SeededRandom): Promise<ChaosReport> {
    const { minutes, seed } = this.#options;
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1000;
    try {
      let whole = await this.#recovers("start");
      this.#startLoad();
      const steps = schedule(random, this.#system.edges.length, LEASE_MS, this.#system.canSetClocks);
      while (whole && seconds() < minutes * 60) whole = await this.#step(steps.next().value, seconds);
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
  async #step({ faults, calmMs }: Step, seconds: () => number): Promise<boolean> {
    const what = faults.map(describeFault).join(" + ");
    this.#checker.faulted({ at: performance.now(), what });
    await Promise.all(faults.map((fault) => this.#system.suffer(fault)));
    this.#checker.faulted({ at: performance.now(), what: `undone: ${what}` });
    for (const kind of faults.map(kindOf)) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
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
