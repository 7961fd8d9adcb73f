import type { PurgeTarget } from "../../purge-log/purge.ts";
import { SeededRandom } from "../rig/seeded-random.ts";
import { PAGES, type Page, tagsAt } from "./pages.ts";
import type { Direction } from "./simulated-link.ts";

export const EDGES = ["edge-1", "edge-2", "edge-3"] as const;
export type EdgeId = (typeof EDGES)[number];

/** What a client asks for beside the page. */
export type Wish = "all" | "range" | "if-changed" | "no-cache" | "head" | "after";

/** What a stranger does to the log by hand. */
const ROGUE_ACTS = [
  "add an entry to our epoch",
  "add an entry to a later epoch",
  "add an entry with the largest id",
  "add an entry with the largest seq, and one in the next epoch",
  "add an entry from the far future",
  "put a string in the place of the log",
  "delete the record",
  "delete the last entry",
  "delete an entry in the middle",
] as const;
export type RogueAct = (typeof ROGUE_ACTS)[number];

export type Action =
  | { readonly kind: "read"; readonly edge: EdgeId; readonly target: string; readonly wish: Wish }
  | {
      readonly kind: "purge";
      readonly edge: EdgeId;
      readonly targets: readonly PurgeTarget[];
      readonly soft: boolean;
      /** Whether the pages are new, or only purged. */
      readonly change: boolean;
      readonly waitMs: number;
    }
  | { readonly kind: "crash-edge"; readonly edge: EdgeId; readonly downMs: number }
  | { readonly kind: "stop-edge"; readonly edge: EdgeId; readonly ms: number }
  | {
      readonly kind: "cut";
      readonly edge: EdgeId;
      readonly directions: readonly Direction[];
      readonly ms: number;
    }
  | { readonly kind: "slow"; readonly edge: EdgeId; readonly ms: number }
  /** `lost`: writes that its file lacks; `offset`: of the new process's wall clock. */
  | { readonly kind: "crash-redis"; readonly lost: number; readonly downMs: number; readonly offset: number }
  /** Each edge follows within `movedMs`; until then it talks to the old primary, which takes no writes. */
  | { readonly kind: "fail-over"; readonly lost: number; readonly movedMs: number; readonly offset: number }
  | { readonly kind: "refuse"; readonly ms: number }
  | { readonly kind: "flush-all" }
  | { readonly kind: "trim"; readonly keep: number }
  | { readonly kind: "rogue"; readonly act: RogueAct }
  | { readonly kind: "fail-origin"; readonly ms: number };

export interface Planned {
  readonly at: number;
  readonly action: Action;
}

/** One history, before it happens. */
export interface Plan {
  readonly seed: number;
  readonly actions: readonly Planned[];
  readonly lengthMs: number;
  /** Whether it is checked at the end that everything comes back once it is mended. */
  readonly recovers: boolean;
}

// Long enough for a lease, a fence and a recovery; short enough for thousands in a few seconds.
const LENGTH_MS = 4200;
// After the last purge there is still time for its promises to be broken.
const LAST_PURGE_MS = 2600;
const ALL = 1_000_000;

/** The same seed, the same plan. */
export function makePlan(seed: number): Plan {
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
  actions.sort((a, b) => a.at - b.at);
  return { seed, actions, lengthMs: LENGTH_MS, recovers: seed % 32 === 0 };
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
  const lost = random.chance(0.5) ? random.whole(1, 12) : ALL;
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
  "fail-origin",
] as const;

const CUTS: readonly (readonly Direction[])[] = [["to-redis"], ["from-redis"], ["to-redis", "from-redis"]];

function fault(random: SeededRandom): Action {
  const kind = random.pick(FAULTS);
  const edge = random.pick(EDGES);
  const offset = random.chance(0.5) ? 0 : random.between(-5000, 5000);
  const lost = random.pick([0, 1, 2, 4, 8, 16, ALL]);
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
    case "fail-origin":
      return { kind, ms: random.between(100, 2500) };
  }
}
