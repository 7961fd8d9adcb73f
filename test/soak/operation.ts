import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { describeFault, kindOf, type Step } from "../chaos/schedule.ts";
import type { LinkFault } from "../rig/fault-proxy.ts";

/** What an operator does, or what happens to the origin of many pages, in a day; over after `ms` where it lasts. */
export type Operation =
  /** The same faults as in a run of chaos. */
  | { readonly kind: "faults"; readonly step: Step }
  /** SIGTERM, and the same edge anew when it is gone. */
  | { readonly kind: "edge-restarted" }
  /** A rule of a site is changed at every edge. */
  | { readonly kind: "sites-reloaded"; readonly by: "SIGHUP" | "RPC" }
  /** SIGHUP with a file that no program takes. */
  | { readonly kind: "wrong-settings" }
  /** Every edge gets another certificate, and SIGHUP. */
  | { readonly kind: "certificate-replaced" }
  | { readonly kind: "router-reloaded" }
  | { readonly kind: "origin-fails"; readonly ms: number }
  | { readonly kind: "origin-link"; readonly fault: LinkFault; readonly ms: number };

type Make = (random: SeededRandom) => Operation;

// Of three operations, two are steps of chaos: it has three times as many kinds.
const FAULTS_AN_OPERATION = 2;
// Longer than an edge waits before it asks a failed origin again.
const ORIGIN_MS = [500, 4_000] as const;

const lasting = (random: SeededRandom) => random.between(...ORIGIN_MS);

const KINDS: readonly Make[] = [
  () => ({ kind: "edge-restarted" }),
  () => ({ kind: "sites-reloaded", by: "SIGHUP" }),
  () => ({ kind: "sites-reloaded", by: "RPC" }),
  () => ({ kind: "wrong-settings" }),
  () => ({ kind: "certificate-replaced" }),
  () => ({ kind: "router-reloaded" }),
  (random) => ({ kind: "origin-fails", ms: lasting(random) }),
  (random) => ({ kind: "origin-link", fault: { kind: "reset" }, ms: lasting(random) }),
  (random) => ({ kind: "origin-link", fault: { kind: "reply-dropped" }, ms: lasting(random) }),
  (random) => ({
    kind: "origin-link",
    fault: { kind: "black-hole", direction: "both" },
    ms: lasting(random),
  }),
  (random) => ({ kind: "origin-link", fault: { kind: "delay", ms: 300 }, ms: lasting(random) }),
];

/** Endless and decided by the random numbers alone: every kind comes once before any comes again. */
export function* operations(
  random: SeededRandom,
  steps: Generator<Step, never>,
): Generator<Operation, never> {
  for (;;) {
    const left = [...KINDS];
    while (left.length > 0) {
      const [make] = left.splice(random.whole(0, left.length - 1), 1);
      if (make !== undefined) yield make(random);
      for (let more = 0; more < FAULTS_AN_OPERATION; more += 1)
        yield { kind: "faults", step: steps.next().value };
    }
  }
}

/** What it is, without what differs from one time to the next. */
export function kindsOf(operation: Operation): readonly string[] {
  switch (operation.kind) {
    case "faults":
      return operation.step.faults.map(kindOf);
    case "sites-reloaded":
      return [`sites reloaded by ${operation.by}`];
    case "origin-link":
      return [`origin: ${operation.fault.kind}`];
    case "edge-restarted":
      return ["edge restarted by SIGTERM"];
    case "wrong-settings":
      return ["wrong settings"];
    case "certificate-replaced":
      return ["certificate replaced"];
    case "router-reloaded":
      return ["router reloaded"];
    case "origin-fails":
      return ["origin: 503"];
  }
}

/** For people. */
export function describeOperation(operation: Operation): string {
  const span = "ms" in operation ? ` for ${Math.round(operation.ms)} ms` : "";
  return operation.kind === "faults"
    ? operation.step.faults.map(describeFault).join(" + ")
    : `${kindsOf(operation).join()}${span}`;
}
