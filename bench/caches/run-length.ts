import { type Length, WARM_TURN_S } from "./measure.ts";
import type { Workload } from "./workloads.ts";

// What it takes to start all servers of a group.
const START_S = 8;
// Of keys, that caches fetch in a second while they warm up.
const FETCHED_A_SECOND = 8_000;

/** The seconds that a run takes at most, or a little more. */
export function runSeconds(
  workloads: readonly Workload[],
  caches: number,
  { rounds, seconds }: Length,
): number {
  const groups = new Set(workloads.map(groupOf)).size;
  return workloads
    .map(({ warm }) => WARM_TURN_S + rounds * seconds + warm.length / FETCHED_A_SECOND)
    .reduce((sum, each) => sum + each * caches, groups * START_S);
}

/** Workloads of one group have the same servers. */
export function groupOf({ threads, purgesASecond }: Workload): string {
  return `${threads} ${purgesASecond > 0}`;
}
