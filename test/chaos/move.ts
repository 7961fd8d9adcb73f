import type { Step } from "./schedule.ts";
import { describeFault, kindOf } from "./schedule.ts";
import type { System } from "./system.ts";

/** Something that happens to a system and is undone. */
export interface Move {
  readonly what: string;
  /** For the report of the run. */
  readonly kinds: readonly string[];
  /** Resolves when it is undone. */
  readonly happen: () => Promise<void>;
  /** How long the system is left alone once it has recovered. */
  readonly calmMs: number;
}

/** The steps of a schedule, as they happen to this system. */
export function* movesOf(steps: Generator<Step, never>, system: System): Generator<Move, never> {
  for (;;) {
    const { faults, calmMs } = steps.next().value;
    yield {
      what: faults.map(describeFault).join(" + "),
      kinds: faults.map(kindOf),
      happen: async () => void (await Promise.all(faults.map((fault) => system.suffer(fault)))),
      calmMs,
    };
  }
}
