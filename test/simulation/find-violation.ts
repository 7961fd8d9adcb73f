import type { Violation } from "./guarantees.ts";
import { makePlan } from "./plan.ts";
import { World, type WorldRules } from "./world.ts";

export interface Search {
  readonly from: number;
  readonly seeds: number;
  readonly rules: WorldRules;
  /** Threads that serve, of each edge: 1 when it is left out. */
  readonly workers?: number;
  /** Whether each edge stores on disk too. */
  readonly disk?: boolean;
  /** Whether the edges ask each other before the origin. */
  readonly peers?: boolean;
  /** Which violations count; every one when it is left out. */
  readonly like?: RegExp;
}

export interface Found {
  readonly seed: number;
  readonly workers: number;
  readonly disk: boolean;
  readonly peers: boolean;
  readonly violations: readonly Violation[];
}

/** The histories in which something that was promised was not kept, one after the other. */
export async function* violationsIn({
  from,
  seeds,
  rules,
  workers = 1,
  disk = false,
  peers = false,
  like = /^/,
}: Search): AsyncGenerator<Found> {
  for (let seed = from; seed < from + seeds; seed += 1) {
    const violations = (await new World({ ...makePlan(seed, workers, disk), peers }, rules).run()).filter(
      (each) => like.test(each),
    );
    if (violations.length > 0) yield { seed, workers, disk, peers, violations };
    // Virtual time never leaves this turn of the event loop; who watches it from outside must have one too.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The first of them; undefined when all is well. */
export async function findViolation(search: Search): Promise<Found | undefined> {
  for await (const found of violationsIn(search)) return found;
  return undefined;
}

/** A violation, and how to reproduce it. */
export function told({ seed, workers, disk, peers, violations }: Found): string {
  const threads = `${workers === 1 ? "" : ` --workers ${workers}`}${disk ? " --disk" : ""}${peers ? " --peers" : ""}`;
  return `seed ${seed}: ${violations.join("\n  ")}\n  again: npm run simulate -- --seed ${seed}${threads} --trace`;
}
