import type { Workload } from "./workloads.ts";

export interface Length {
  readonly rounds: number;
  readonly seconds: number;
}

/** Before the turns that count: code and tables of the caches are as warm as they get. */
export const WARM_TURN_S = 1;

// Of connections, that a client opens in a second beside its requests, on a busy machine.
const OPENED_A_SECOND = 1_000;

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
    .map((each) => WARM_TURN_S + rounds * turnSeconds(each, seconds) + each.warm.length / FETCHED_A_SECOND)
    .reduce((sum, each) => sum + each * caches, groups * START_S);
}

/** A turn is so long that all connections are open for most of it. */
export function turnSeconds({ client }: Workload, seconds: number): number {
  return Math.max(seconds, "connections" in client ? client.connections / OPENED_A_SECOND : 0);
}

/** Workloads of one group have the same servers. */
export function groupOf({ threads, purgesASecond, others }: Workload): string {
  return `${threads} ${purgesASecond > 0} ${others.join()}`;
}
