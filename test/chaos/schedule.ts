import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { LinkFault } from "../rig/fault-proxy.ts";
import { type Harm, harms } from "./disks.ts";

/** Something that is done to the system, and undone after `ms`. Edges are numbered from 0. */
export type Fault =
  | { readonly kind: "edge-killed"; readonly edge: number; readonly ms: number }
  /** Its files suffer while it is away. `at`: which and where, from 0 to 1. */
  | {
      readonly kind: "disk-harmed";
      readonly edge: number;
      readonly harm: Harm;
      readonly at: number;
      readonly ms: number;
    }
  | { readonly kind: "edge-stopped"; readonly edge: number; readonly ms: number }
  | {
      readonly kind: "link";
      readonly edges: readonly number[];
      readonly fault: LinkFault;
      readonly ms: number;
    }
  | { readonly kind: "redis-stopped"; readonly ms: number }
  | { readonly kind: "redis-restarted"; readonly data: "with its data" | "without data"; readonly ms: number }
  /** Its replica, which has not heard of the last `ms`, takes the place of a primary that is lost. */
  | { readonly kind: "replica-promoted"; readonly ms: number }
  /** So many times in a row, purges in between. */
  | { readonly kind: "flushed"; readonly times: number; readonly ms: number }
  /** XTRIM: so many of the latest entries stay. */
  | { readonly kind: "trimmed"; readonly keep: number }
  /** XADD by a stranger, with an id of its own or of the server's. */
  | { readonly kind: "foreign-entry"; readonly id: "*" | "18446744073709551615-1" | "the next" }
  /** The table of edges loses the row of an edge that is cut off, or all rows: by hand, or by eviction. */
  | {
      readonly kind: "rows-lost";
      readonly edge: number;
      readonly of: "all" | "that edge";
      readonly ms: number;
    }
  /** Operators want an edge forgotten that is cut off, again and again, by way of the others. */
  | { readonly kind: "forgotten"; readonly edge: number; readonly ms: number }
  /** The wall clock of Redis is set while an edge is cut off. */
  | { readonly kind: "clock-set"; readonly edge: number; readonly byMs: number; readonly ms: number }
  /** The machine of an edge is suspended for `ms`, and is cut off for `cutMs` more when it goes on. */
  | { readonly kind: "suspended"; readonly edge: number; readonly ms: number; readonly cutMs: number }
  /** Another type stands at the key. */
  | { readonly kind: "replaced"; readonly key: "log" | "meta" | "edges"; readonly by: "string" | "list" };

/** Faults that happen at the same time, and how long the system is left alone once they are undone. */
export interface Step {
  readonly faults: readonly Fault[];
  readonly calmMs: number;
}

type Make = (random: SeededRandom) => Fault;

// Most steps bring one fault; two at a time find what one hides.
const PAIR_SHARE = 0.3;
const LONGEST_CALM_MS = 600;

/**
 * Endless and decided by the random numbers alone: every kind comes once before any comes again. `clocks`: whether
 * clocks can be set here.
 */
export function* schedule(
  random: SeededRandom,
  edges: number,
  leaseMs: number,
  clocks: boolean,
): Generator<Step, never> {
  return yield* dealt([...kinds(edges, leaseMs), ...(clocks ? clockKinds(edges, leaseMs) : [])], random);
}

/** The same of what matters to edges with disks: they are killed in a loop, and the log changes meanwhile. */
export function* diskSchedule(random: SeededRandom, edges: number, leaseMs: number): Generator<Step, never> {
  return yield* dealt(diskKinds(edges, leaseMs), random);
}

function* dealt(deck: readonly Make[], random: SeededRandom): Generator<Step, never> {
  for (;;) {
    const left = shuffled(deck, random);
    for (let make = left.pop(); make !== undefined; make = left.pop()) {
      const fault = make(random);
      const other = random.chance(PAIR_SHARE) ? left.at(-1)?.(random) : undefined;
      const together = other !== undefined && subject(other) !== subject(fault);
      if (together) left.pop();
      yield { faults: together ? [fault, other] : [fault], calmMs: random.between(0, LONGEST_CALM_MS) };
    }
  }
}

function kinds(edges: number, leaseMs: number): readonly Make[] {
  const edge = (random: SeededRandom) => random.whole(0, edges - 1);
  const all = Array.from({ length: edges }, (_, index) => index);
  const short = (random: SeededRandom) => random.between(0.1, 0.7) * leaseMs;
  const beyondLease = (random: SeededRandom) => random.between(1.1, 1.9) * leaseMs;
  const link =
    (fault: LinkFault, ms: (random: SeededRandom) => number, whom?: readonly number[]): Make =>
    (random) => ({ kind: "link", edges: whom ?? [edge(random)], fault, ms: ms(random) });
  return [
    (random) => ({ kind: "edge-killed", edge: edge(random), ms: short(random) }),
    (random) => ({ kind: "edge-killed", edge: edge(random), ms: beyondLease(random) }),
    (random) => ({
      kind: "disk-harmed",
      edge: edge(random),
      harm: random.pick(harms),
      at: random.next(),
      ms: short(random),
    }),
    (random) => ({ kind: "edge-stopped", edge: edge(random), ms: short(random) }),
    (random) => ({ kind: "edge-stopped", edge: edge(random), ms: beyondLease(random) }),
    (random) => ({ kind: "redis-stopped", ms: short(random) }),
    (random) => ({ kind: "redis-stopped", ms: beyondLease(random) }),
    (random) => ({
      kind: "redis-restarted",
      data: "with its data",
      ms: random.chance(0.5) ? 0 : short(random),
    }),
    (random) => ({
      kind: "redis-restarted",
      data: "without data",
      ms: random.chance(0.5) ? 0 : short(random),
    }),
    (random) => ({ kind: "replica-promoted", ms: short(random) }),
    () => ({ kind: "flushed", times: 1, ms: 0 }),
    (random) => ({ kind: "flushed", times: random.whole(2, 12), ms: leaseMs }),
    (random) => ({ kind: "trimmed", keep: random.whole(0, 3) }),
    (random) => ({ kind: "foreign-entry", id: random.pick(["*", "18446744073709551615-1", "the next"]) }),
    (random) => ({
      kind: "replaced",
      key: random.pick(["log", "meta", "edges"]),
      by: random.pick(["string", "list"]),
    }),
    (random) => ({
      kind: "rows-lost",
      edge: edge(random),
      of: random.pick(["all", "that edge"]),
      ms: beyondLease(random),
    }),
    (random) => ({ kind: "forgotten", edge: edge(random), ms: random.between(0.5, 1.9) * leaseMs }),
    link({ kind: "black-hole", direction: "both" }, beyondLease),
    link({ kind: "black-hole", direction: "both" }, beyondLease, all),
    link({ kind: "black-hole", direction: "requests" }, beyondLease),
    link({ kind: "black-hole", direction: "replies" }, beyondLease),
    link({ kind: "reset" }, () => 0),
    link({ kind: "reset" }, () => 0, all),
    link({ kind: "reply-dropped" }, short),
    link({ kind: "delay", ms: 800 }, (random) => random.between(1, 3) * leaseMs),
  ];
}

// Of steps. The others change the log, also while an edge is away.
const KILLS = 12;

function diskKinds(edges: number, leaseMs: number): readonly Make[] {
  const edge = (random: SeededRandom) => random.whole(0, edges - 1);
  const upTo = (leases: number) => (random: SeededRandom) => random.between(0, leases) * leaseMs;
  const kill = (random: SeededRandom): Fault => ({
    kind: "edge-killed",
    edge: edge(random),
    ms: upTo(random.pick([0, 0.5, 1.5]))(random),
  });
  const harmed = harms.map(
    (harm): Make =>
      (random) => ({ kind: "disk-harmed", edge: edge(random), harm, at: random.next(), ms: upTo(1)(random) }),
  );
  return [
    ...Array.from({ length: KILLS }, () => kill),
    ...harmed,
    () => ({ kind: "flushed", times: 1, ms: 0 }),
    (random) => ({ kind: "trimmed", keep: random.whole(0, 3) }),
    (random) => ({ kind: "redis-restarted", data: "with its data", ms: upTo(0.5)(random) }),
    (random) => ({ kind: "replica-promoted", ms: upTo(0.5)(random) }),
  ];
}

function clockKinds(edges: number, leaseMs: number): readonly Make[] {
  const edge = (random: SeededRandom) => random.whole(0, edges - 1);
  return [
    (random) => ({
      kind: "clock-set",
      edge: edge(random),
      // Forward, together fewer than the 10 minutes in which Redis knows the id of a purge again by that clock.
      byMs: random.pick([-3_600_000, -5_000, -500, 500, 5_000]),
      ms: random.between(1.1, 1.9) * leaseMs,
    }),
    (random) => ({
      kind: "suspended",
      edge: edge(random),
      ms: random.between(0.5, 2.5) * leaseMs,
      cutMs: random.between(0, 1) * leaseMs,
    }),
  ];
}

function shuffled<T>(list: readonly T[], random: SeededRandom): T[] {
  const dealt = list.map((item) => ({ item, at: random.next() }));
  return dealt.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** The object of a fault. Two faults at the same time have different objects. */
function subject(fault: Fault): string {
  switch (fault.kind) {
    case "edge-killed":
    case "disk-harmed":
    case "edge-stopped":
    case "suspended":
      return `edge ${fault.edge}`;
    case "link":
    // They cut an edge off, too.
    case "rows-lost":
    case "forgotten":
    case "clock-set":
      return "links";
    case "redis-stopped":
    case "redis-restarted":
    case "replica-promoted":
    case "flushed":
    case "trimmed":
    case "foreign-entry":
    case "replaced":
      return "redis";
  }
}

/** What it is, without what differs from one time to the next. */
export function kindOf(fault: Fault): string {
  switch (fault.kind) {
    case "edge-killed":
      return "edge killed and restarted";
    case "disk-harmed":
      return "edge killed, its disk harmed";
    case "edge-stopped":
      return "edge stopped and continued";
    case "link":
      return fault.fault.kind === "black-hole"
        ? `black hole for ${fault.fault.direction === "both" ? "requests and replies" : fault.fault.direction}`
        : { reset: "connections reset", "reply-dropped": "reply dropped", delay: "replies delayed" }[
            fault.fault.kind
          ];
    case "redis-stopped":
      return "Redis stopped and continued";
    case "redis-restarted":
      return `Redis restarted ${fault.data}`;
    case "replica-promoted":
      return "replica promoted without the last writes";
    case "flushed":
      return fault.times === 1 ? "FLUSHALL" : "FLUSHALL again and again";
    case "trimmed":
      return "XTRIM";
    case "foreign-entry":
      return "rogue entry";
    case "rows-lost":
      return "rows of the table of edges lost";
    case "forgotten":
      return "Forget of an edge that may serve";
    case "clock-set":
      return "clock of Redis set";
    case "suspended":
      return "edge suspended";
    case "replaced":
      return "wrong type at a key";
  }
}

/** For the report of one run. */
export function describeFault(fault: Fault): string {
  const whom = "edge" in fault ? ` (edge-${fault.edge + 1})` : "edges" in fault ? edgeNames(fault.edges) : "";
  const what = "by" in fault ? ` (a ${fault.by} at the ${fault.key})` : "id" in fault ? ` (${fault.id})` : "";
  const harm = "harm" in fault ? ` (${fault.harm})` : "";
  const by = "byMs" in fault ? ` by ${fault.byMs} ms` : "";
  const span = "ms" in fault && fault.ms > 0 ? ` for ${Math.round(fault.ms)} ms` : "";
  return `${kindOf(fault)}${whom}${what}${harm}${by}${span}`;
}

function edgeNames(edges: readonly number[]): string {
  return ` (${edges.map((edge) => `edge-${edge + 1}`).join(", ")})`;
}
