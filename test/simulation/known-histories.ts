import type { Action, EdgeId, Plan, Planned } from "./plan.ts";

/** A history that once broke a promise, or that no seed is likely to come upon. */
export interface KnownHistory {
  readonly name: string;
  readonly plan: Plan;
}

function history(name: string, lengthMs: number, actions: readonly Planned[]): KnownHistory {
  return { name, plan: { seed: 1, actions, lengthMs, recovers: true } };
}

function at(ms: number, action: Action): Planned {
  return { at: ms, action };
}

function purgeOfTag(tag: string, edge: EdgeId, waitMs: number): Action {
  return { kind: "purge", edge, targets: [{ kind: "tag", tag }], soft: false, change: true, waitMs };
}

function read(edge: EdgeId, target: string): Action {
  return { kind: "read", edge, target, wish: "all" };
}

/** By a client that has heard of the latest purge. */
function readAfter(edge: EdgeId, target: string): Action {
  return { kind: "read", edge, target, wish: "after" };
}

export const KNOWN_HISTORIES: readonly KnownHistory[] = [
  history("the table of edges is lost while one of them serves, and a purge follows", 3000, [
    at(300, read("edge-1", "/a/long")),
    at(900, { kind: "flush-all" }),
    at(902, purgeOfTag("a", "edge-2", 2000)),
    ...[905, 920, 960, 1000].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  // Within the second in which it began, the log begins again with the same epoch, and grows past an edge.
  history("the log is lost, and grows again with the same positions before an edge looks", 3000, [
    ...[100, 120, 140].map((ms) => at(ms, purgeOfTag("c", "edge-1", 0))),
    at(200, read("edge-1", "/a/long")),
    at(295, { kind: "crash-edge", edge: "edge-2", downMs: 10 }),
    at(300, { kind: "flush-all" }),
    at(313, purgeOfTag("a", "edge-2", 2000)),
    ...[316, 319, 322].map((ms) => at(ms, purgeOfTag("c", "edge-2", 0))),
    ...[330, 1500, 2000, 2500].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  history("the log is lost, and begins again with a lower epoch than the edges have seen", 4000, [
    at(200, { kind: "rogue", act: "add an entry to a later epoch" }),
    at(700, read("edge-1", "/a/long")),
    at(990, { kind: "crash-edge", edge: "edge-2", downMs: 12 }),
    at(1000, { kind: "flush-all" }),
    ...[1008, 1012, 1016].map((ms) => at(ms, purgeOfTag("a", "edge-2", 2000))),
    ...[1020, 1030, 1100, 2500, 3500].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  // Whoever starts afresh opens the log by a clock that was set back, and a client carries its purge to another edge.
  history(
    "the log is lost, begins again below where an edge is, and that edge is asked for a purge in it",
    3000,
    [
      at(200, read("edge-1", "/a/long")),
      at(290, { kind: "crash-edge", edge: "edge-2", downMs: 15 }),
      at(300, { kind: "crash-redis", lost: 1_000_000, downMs: 2, offset: -4000 }),
      ...[308, 312].map((ms) => at(ms, purgeOfTag("a", "edge-2", 0))),
      ...[320, 325, 330, 335, 340].map((ms) => at(ms, readAfter("edge-1", "/a/long"))),
    ],
  ),
  history("a stranger adds an entry that nobody can name, and one after it that everybody can", 2000, [
    at(300, read("edge-1", "/a/long")),
    at(500, { kind: "rogue", act: "add an entry with the largest seq, and one in the next epoch" }),
    at(900, purgeOfTag("a", "edge-2", 500)),
    at(1000, read("edge-1", "/a/long")),
  ]),
  history("an edge stands still while a purge is applied everywhere else, and its lease runs out", 4000, [
    at(300, read("edge-1", "/a/long")),
    at(500, { kind: "stop-edge", edge: "edge-1", ms: 1500 }),
    at(510, purgeOfTag("a", "edge-2", 3000)),
    ...[600, 1800, 2001, 2100].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
];
