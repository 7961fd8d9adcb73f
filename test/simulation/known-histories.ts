import type { Action, EdgeId } from "./action.ts";
import type { Plan, Planned } from "./plan.ts";

/** A history that once broke a promise, or that no seed is likely to come upon. */
export interface KnownHistory {
  readonly name: string;
  readonly plan: Plan;
}

function history(
  name: string,
  lengthMs: number,
  actions: readonly Planned[],
  around: Partial<Pick<Plan, "drifted" | "staleWhenLapsed">> = {},
): KnownHistory {
  const sites = { drifted: undefined, staleWhenLapsed: undefined };
  const plan = { seed: 1, actions, lengthMs, recovers: true, workers: 1, ...sites };
  return { name, plan: { ...plan, ...around } };
}

function at(ms: number, action: Action): Planned {
  return { at: ms, action };
}

function purgeOfTag(tag: string, edge: EdgeId, waitMs: number): Extract<Action, { kind: "purge" }> {
  const targets = [{ kind: "tag", tag }] as const;
  const plain = { soft: false, change: true, ofSite: false, reuses: undefined };
  return { kind: "purge", edge, targets, waitMs, ...plain };
}

function cut(edge: EdgeId, ms: number): Action {
  return { kind: "cut", edge, directions: ["to-redis", "from-redis"], ms };
}

function read(edge: EdgeId, target: string): Action {
  return { kind: "read", edge, target, wish: "all" };
}

/** By a client that has heard of the latest purge. */
function readAfter(edge: EdgeId, target: string): Action {
  return { kind: "read", edge, target, wish: "after" };
}

export const KNOWN_HISTORIES: readonly KnownHistory[] = [
  history("the table of edges is deleted alone while one of them is cut off, and a purge follows", 4000, [
    at(300, read("edge-1", "/a/long")),
    at(1490, cut("edge-1", 2500)),
    at(1500, { kind: "lose-rows", of: "all" }),
    // By then the others stand in it again.
    at(1900, purgeOfTag("a", "edge-2", 2000)),
    ...[1910, 1950, 2100, 2300, 2480].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  history("the table of edges loses the row of an edge that is cut off, and a purge follows", 4000, [
    at(300, read("edge-1", "/a/long")),
    at(1490, cut("edge-1", 2500)),
    at(1500, { kind: "lose-rows", of: "edge-1" }),
    at(1520, purgeOfTag("a", "edge-2", 2000)),
    ...[1540, 1600, 1800, 2000, 2300].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  history("the clock of Redis is set forward while an edge is cut off, and a purge follows", 4000, [
    at(300, read("edge-1", "/a/long")),
    at(1490, cut("edge-1", 2500)),
    at(1500, { kind: "set-clock", of: "redis", byMs: 10_000 }),
    at(1502, purgeOfTag("a", "edge-2", 2000)),
    ...[1510, 1600, 1800, 2000, 2300].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  history("the clock of Redis is set back by an hour", 3000, [
    at(1500, { kind: "set-clock", of: "redis", byMs: -3_600_000 }),
    // Its row is still of the old time.
    at(1500.1, { kind: "crash-edge", edge: "edge-1", downMs: 10 }),
  ]),
  history("an edge is forgotten that is cut off and still serves, and a purge follows", 4000, [
    at(300, read("edge-1", "/a/long")),
    at(1490, cut("edge-1", 2500)),
    at(1500, { kind: "forget", by: "edge-2", edge: "edge-1" }),
    at(1600, purgeOfTag("a", "edge-2", 2000)),
    ...[1610, 1700, 1800, 2000, 2300].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  history("the machine of an edge is suspended while it is cut off, and a purge is applied meanwhile", 5000, [
    at(300, read("edge-1", "/a/long")),
    at(1000, cut("edge-1", 3500)),
    at(1001, { kind: "suspend-edge", edge: "edge-1", ms: 1500 }),
    at(1100, purgeOfTag("a", "edge-2", 3000)),
    ...[2502, 2550, 2700, 3000, 3200].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  history(
    "requests wait at a machine that is suspended and cut off, and a purge is applied meanwhile",
    5000,
    [
      at(300, read("edge-1", "/a/long")),
      at(1000, cut("edge-1", 3500)),
      at(1001, { kind: "suspend-edge", edge: "edge-1", ms: 1500 }),
      at(1100, purgeOfTag("a", "edge-2", 3000)),
      ...[1010, 1020, 1030, 1040].map((ms) => at(ms, read("edge-1", "/a/long"))),
    ],
  ),
  history(
    "the control thread of an edge stands still while it is cut off, and a purge is applied meanwhile",
    5000,
    [
      at(300, read("edge-1", "/a/long")),
      at(1000, cut("edge-1", 3500)),
      at(1300, { kind: "stop-thread", edge: "edge-1", thread: "control", ms: 1200 }),
      at(1350, purgeOfTag("a", "edge-2", 3000)),
      // The lease runs out meanwhile, and the thread goes on.
      ...[1400, 1900, 2100, 2300, 2480, 2501, 2505, 2510, 2520, 2540].map((ms) =>
        at(ms, read("edge-1", "/a/long")),
      ),
    ],
  ),
  history("the id of a purge is used again for another page", 2000, [
    ...["/a/long", "/c/short"].map((page) => at(300, read("edge-1", page))),
    at(500, purgeOfTag("c", "edge-2", 500)),
    at(700, { ...purgeOfTag("a", "edge-2", 500), reuses: 1 }),
    ...[750, 900, 1200].map((ms) => at(ms, read("edge-1", "/a/long"))),
  ]),
  history(
    "a purge names the site as the edge that takes the call does, and another edge calls it otherwise",
    2000,
    [
      ...(["edge-1", "edge-2"] as const).map((edge) => at(300, read(edge, "/a/long"))),
      at(500, { ...purgeOfTag("a", "edge-2", 500), ofSite: true }),
      at(600, { ...purgeOfTag("a", "edge-1", 500), ofSite: true }),
      ...[550, 650].flatMap((ms) =>
        (["edge-1", "edge-2"] as const).map((edge) => at(ms, read(edge, "/a/long"))),
      ),
    ],
    { drifted: "edge-1" },
  ),
  ...([undefined, "edge-1"] as const).map((staleWhenLapsed) =>
    history(
      `an edge ${staleWhenLapsed === undefined ? "" : "that serves stale without a lease "}is cut off, and its origin fails after a purge`,
      5000,
      [
        at(300, read("edge-1", "/c/on-error")),
        at(1000, cut("edge-1", 3900)),
        at(1100, purgeOfTag("c", "edge-2", 3000)),
        at(1150, { kind: "fail-origin", ms: 2800 }),
        ...[2350, 2600, 3000, 3500].map((ms) => at(ms, read("edge-1", "/c/on-error"))),
      ],
      { staleWhenLapsed },
    ),
  ),
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
