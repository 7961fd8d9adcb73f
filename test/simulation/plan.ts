import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { type Action, EDGES, type EdgeId, type Wish } from "./action.ts";
import { CUTS, EVERYTHING, fault, threadFault } from "./faults.ts";
import { PAGES, type Page, tagsAt } from "./pages.ts";

export interface Planned {
  readonly at: number;
  readonly action: Action;
}

/** One history, before it happens. */
export interface Plan {
  readonly seed: number;
  readonly actions: readonly Planned[];
  readonly lengthMs: number;
  /** An edge that calls the site by another name. */
  readonly drifted: EdgeId | undefined;
  /** An edge that serves stale responses without its lease. */
  readonly staleWhenLapsed: EdgeId | undefined;
  /** Whether it is checked at the end that everything comes back once it is mended. */
  readonly recovers: boolean;
  /** Threads that serve, of each edge. */
  readonly workers: number;
  /** Whether each edge stores on disk too. */
  readonly disk?: boolean;
  /** Whether the edges ask each other before the origin. */
  readonly peers?: boolean;
}

// Long enough for a lease, a fence and a recovery; short enough for thousands in a few seconds.
const LENGTH_MS = 4200;
// After the last purge there is still time for its promises to be broken.
const LAST_PURGE_MS = 2600;

/** The same seed, the same plan. With several workers, and with disks, more happens beside it. */
export function makePlan(seed: number, workers = 1, disk = false): Plan {
  const random = new SeededRandom(seed);
  const actions: Planned[] = [];
  const add = (at: number, action: Action): void => {
    actions.push({ at, action });
  };
  for (let at = random.between(20, 150); at < LENGTH_MS; at += random.between(40, 400)) {
    add(at, read(random, random.pick(PAGES)));
  }
  const purges = random.whole(1, 4);
  const moments: number[] = [];
  for (let i = 0; i < purges; i += 1) {
    const at = random.between(300, LAST_PURGE_MS);
    moments.push(at);
    purgeStory(random, at, add);
  }
  const lossAt = random.chance(0.3) ? random.between(300, 700) : random.between(400, LAST_PURGE_MS);
  if (random.chance(0.5)) random.pick([tornStory, lossStory])(random, lossAt, add);
  const faults = random.whole(0, 5);
  for (let i = 0; i < faults; i += 1) {
    const near = Math.max(10, random.pick(moments) + random.between(-700, 500));
    add(random.chance(0.7) ? near : random.between(10, LAST_PURGE_MS), fault(random));
  }
  if (workers > 1) threadStory(new SeededRandom(seed ^ 0x7b_12ead), workers, moments, add);
  if (disk) diskStory(new SeededRandom(seed ^ 0xd15c), moments, add);
  actions.sort((a, b) => a.at - b.at);
  const drifted = random.chance(0.15) ? random.pick(EDGES) : undefined;
  const staleWhenLapsed = random.chance(0.15) ? random.pick(EDGES) : undefined;
  return {
    seed,
    actions,
    lengthMs: LENGTH_MS,
    drifted,
    staleWhenLapsed,
    recovers: seed % 32 === 0,
    workers,
    disk,
  };
}

/** Pages are asked for again, so that they are written, and edges end shortly before a purge or behind it. */
function diskStory(
  random: SeededRandom,
  moments: readonly number[],
  add: (at: number, action: Action) => void,
): void {
  const reads = random.whole(20, 60);
  for (let i = 0; i < reads; i += 1) {
    const at = Math.max(5, random.pick(moments) + random.between(-900, 1500));
    const again = read(random, random.pick(PAGES));
    for (const later of [0, random.between(10, 60)]) add(at + later, again);
  }
  const crashes = random.whole(1, 5);
  for (let i = 0; i < crashes; i += 1)
    add(Math.max(10, random.pick(moments) + random.between(-400, 700)), {
      kind: "crash-edge",
      edge: random.pick(EDGES),
      downMs: random.between(1, 600),
    });
}

/** Threads stand still and end near purges, and clients ask for more, so that threads answer by themselves. */
function threadStory(
  random: SeededRandom,
  workers: number,
  moments: readonly number[],
  add: (at: number, action: Action) => void,
): void {
  const faults = random.whole(0, 4);
  for (let i = 0; i < faults; i += 1)
    add(Math.max(10, random.pick(moments) + random.between(-400, 300)), threadFault(random, workers));
  const reads = random.whole(10, 40);
  for (let i = 0; i < reads; i += 1)
    add(Math.max(5, random.pick(moments) + random.between(-300, 1500)), read(random, random.pick(PAGES)));
}

/** A purge, and before it reads of what it covers, so that there is something stored or on its way. */
function purgeStory(random: SeededRandom, at: number, add: (at: number, action: Action) => void): void {
  const page = random.pick(PAGES);
  for (const edge of EDGES) {
    const reads = random.whole(0, 2);
    for (let i = 0; i < reads; i += 1) {
      const sooner = random.chance(0.5) ? random.between(0, 20) : random.between(0, 1200);
      add(Math.max(5, at - sooner), { ...read(random, page), edge });
    }
  }
  add(at, purgeOf(random, page, random.pick(EDGES)));
}

function purgeOf(random: SeededRandom, page: Page, edge: EdgeId): Action {
  const targets = random.chance(0.1)
    ? [targetOf(random, page), targetOf(random, random.pick(PAGES))]
    : [targetOf(random, page)];
  return {
    kind: "purge",
    edge,
    targets,
    soft: random.chance(0.3),
    change: random.chance(0.8),
    waitMs: random.pick([0, 500, 2000, 2000, 3000]),
    ofSite: random.chance(0.2),
    reuses: random.chance(0.05) ? random.whole(1, 3) : undefined,
  };
}

/** An edge misses a few purges, and when it comes back, some of them have been taken out of the log. */
function tornStory(random: SeededRandom, at: number, add: (at: number, action: Action) => void): void {
  const edge = random.pick(EDGES);
  const others = EDGES.filter((other) => other !== edge);
  warm(random, at, edge, add);
  add(at, { kind: "stop-edge", edge, ms: random.between(150, 700) });
  // It has one read of the log under way, which still brings the first of them.
  const purges = random.whole(3, 4);
  for (let i = 0; i < purges; i += 1) {
    add(at + random.between(5, 80), purgeOf(random, random.pick(PAGES), random.pick(others)));
  }
  const harm = random.pick<Action>([
    { kind: "trim", keep: 1 },
    { kind: "rogue", act: "delete an entry in the middle" },
  ]);
  add(at + random.between(85, 140), harm);
}

/** An edge misses a few purges, and when it comes back, the log is not what it was. */
function lossStory(random: SeededRandom, at: number, add: (at: number, action: Action) => void): void {
  const edge = random.pick(EDGES);
  const others = EDGES.filter((other) => other !== edge);
  warm(random, at, edge, add);
  if (random.chance(0.5)) add(at, { kind: "stop-edge", edge, ms: random.between(80, 700) });
  else add(at, { kind: "cut", edge, directions: random.pick(CUTS), ms: random.between(80, 700) });
  const purges = random.whole(0, 2);
  for (let i = 0; i < purges; i += 1) {
    add(at + random.between(5, 80), purgeOf(random, random.pick(PAGES), random.pick(others)));
  }
  const harmAt = at + random.between(0, 100);
  // A log that begins again by a clock that was set back does so below where the edges have been.
  const offset = random.chance(0.5) ? 0 : random.between(-4000, 0);
  const lost = random.chance(0.5) ? random.whole(1, 12) : EVERYTHING;
  const restart = { lost, downMs: random.between(2, 60), offset };
  add(harmAt, random.chance(0.5) ? { kind: "flush-all" } : { kind: "crash-redis", ...restart });
  if (random.chance(0.3)) return;
  // The one that knows nothing is the first to find the log as it is now, and the first to purge.
  const first = random.pick(others);
  add(harmAt - random.between(0, 8), { kind: "crash-edge", edge: first, downMs: random.between(8, 12) });
  const more = random.whole(1, 4);
  for (let i = 0; i < more; i += 1) {
    add(harmAt + random.between(8, 40), purgeOf(random, random.pick(PAGES), first));
  }
}

function warm(
  random: SeededRandom,
  at: number,
  edge: EdgeId,
  add: (at: number, action: Action) => void,
): void {
  for (const page of PAGES) {
    if (random.chance(0.7))
      add(at - random.between(50, 250), { kind: "read", edge, target: page.target, wish: "all" });
  }
}

function read(random: SeededRandom, page: Page): Extract<Action, { kind: "read" }> {
  const wish = random.chance(0.6)
    ? "all"
    : random.pick<Wish>(["range", "range", "if-changed", "no-cache", "head", "after"]);
  return { kind: "read", edge: random.pick(EDGES), target: page.target, wish };
}

function targetOf(random: SeededRandom, page: Page): PurgeTarget {
  const [path = ""] = page.target.split("?", 1);
  switch (random.pick(["url", "url", "prefix", "tag", "everything"] as const)) {
    case "url":
      return { kind: "url", target: random.chance(0.5) ? path : page.target };
    case "prefix":
      return { kind: "prefix", prefix: path.slice(0, random.pick([1, 3, path.length])) };
    case "tag":
      return { kind: "tag", tag: random.pick(tagsAt(page, random.whole(1, 2))) };
    case "everything":
      return { kind: "everything" };
  }
}
