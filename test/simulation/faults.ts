import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { type Action, EDGES, ROGUE_ACTS } from "./action.ts";
import type { Direction } from "./simulated-link.ts";

/** More writes than there are. */
export const EVERYTHING = 1_000_000;

const FAULTS = [
  "crash-edge",
  "stop-edge",
  "stop-edge",
  "cut",
  "cut",
  "cut",
  "slow",
  "slow",
  "crash-redis",
  "crash-redis",
  "fail-over",
  "refuse",
  "flush-all",
  "trim",
  "trim",
  "rogue",
  "rogue",
  "lose-rows",
  "set-clock",
  "set-clock",
  "suspend-edge",
  "forget",
  "fail-origin",
] as const;

// A clock that drifted is set by little, one that was wrong by much. Forward, fewer than the 10 minutes in which Redis
// knows the id of a purge again by that clock.
const STEPS_MS = [-3_600_000, -5000, -700, 150, 900, 5000, 100_000];

export const CUTS: readonly (readonly Direction[])[] = [
  ["to-redis"],
  ["from-redis"],
  ["to-redis", "from-redis"],
];

/** Of one thread among several. */
export function threadFault(random: SeededRandom, workers: number): Action {
  const edge = random.pick(EDGES);
  const thread = random.whole(0, workers - 1);
  if (random.chance(0.3)) return { kind: "crash-thread", edge, thread };
  return {
    kind: "stop-thread",
    edge,
    thread: random.chance(0.5) ? "control" : thread,
    ms: random.between(5, 1800),
  };
}

/** One of all kinds. */
export function fault(random: SeededRandom): Action {
  const kind = random.pick(FAULTS);
  const edge = random.pick(EDGES);
  const offset = random.chance(0.5) ? 0 : random.between(-5000, 5000);
  const lost = random.pick([0, 1, 2, 4, 8, 16, EVERYTHING]);
  switch (kind) {
    case "crash-edge":
      return { kind, edge, downMs: random.between(20, 1500) };
    case "stop-edge":
      return { kind, edge, ms: random.between(50, 2500) };
    case "cut":
      return {
        kind,
        edge,
        directions: random.pick(CUTS),
        ms: random.between(100, 4000),
      };
    case "slow":
      return { kind, edge, ms: random.between(300, 3000) };
    case "crash-redis":
      return { kind, lost, downMs: random.between(5, 1200), offset };
    case "fail-over":
      return { kind, lost, movedMs: random.between(5, 1500), offset };
    case "refuse":
      return { kind, ms: random.between(50, 1500) };
    case "flush-all":
      return { kind };
    case "trim":
      return { kind, keep: random.whole(0, 2) };
    case "rogue":
      return { kind, act: random.pick(ROGUE_ACTS) };
    case "lose-rows":
      return { kind, of: random.pick([...EDGES, "all", "all"]) };
    case "set-clock":
      return { kind, of: random.pick([edge, "redis", "redis"]), byMs: random.pick(STEPS_MS) };
    case "suspend-edge":
      return { kind, edge, ms: random.between(300, 2500) };
    case "forget":
      return { kind, by: random.pick(EDGES), edge };
    case "fail-origin":
      return { kind, ms: random.between(100, 2500) };
  }
}
