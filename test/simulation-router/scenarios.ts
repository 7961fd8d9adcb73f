import { cityNamed, type Place } from "./cities.ts";
import { distanceKm } from "./latency-map.ts";
import type { Happening, Scenario } from "./scenario.ts";

// How long one thing takes that happens, with time before and after it.
const MINUTE_MS = 60_000;

// Something happens at a third, and is over at two thirds: there is time before, during and after it.
export const BEGINS_MS = 20_000;
export const ENDS_MS = 40_000;

const TEN_EDGES = [
  "Washington",
  "San Francisco",
  "São Paulo",
  "London",
  "Frankfurt",
  "Mumbai",
  "Singapore",
  "Tokyo",
  "Sydney",
  "Johannesburg",
];

const LATE_EDGE = "Hong Kong";

// Traffic of a region at its busiest hour is about three times that of its quietest.
const DAY_SWING = 0.5;
const BUSIEST_HOUR = 20;

/** A day passes in `dayMs`: demand is highest where it is evening. */
function dayDemand({ longitude }: Place, atMs: number, dayMs: number): number {
  const hour = 24 * (atMs / dayMs) + longitude / 15;
  return 1 + DAY_SWING * Math.cos((2 * Math.PI * (hour - BUSIEST_HOUR)) / 24);
}

const evenDemand = (): number => 1;

interface Crowd {
  readonly around: Place;
  readonly times: number;
  readonly fromMs: number;
  readonly toMs: number;
}

// A match on television: everyone within one language area.
const CROWD_KM = 1500;

// News takes longer than this to spread; a router gets no more time here.
const CROWD_RISES_MS = 5000;

function crowdDemand({ around, times, fromMs, toMs }: Crowd, place: Place, atMs: number): number {
  if (atMs < fromMs || atMs >= toMs || distanceKm(place, around) >= CROWD_KM) return 1;
  return 1 + (times - 1) * Math.min(1, (atMs - fromMs) / CROWD_RISES_MS);
}

function scenario(name: string, what: string, happenings: Scenario["happenings"]): Scenario {
  return {
    name,
    what,
    ms: MINUTE_MS,
    edges: TEN_EDGES,
    startsLater: [],
    demand: evenDemand,
    mostDemand: evenDemand,
    happenings,
  };
}

function at(atMs: number, what: Happening): { atMs: number; what: Happening } {
  return { atMs, what };
}

const FLASH_CROWD: Crowd = { around: cityNamed("London"), times: 4, fromMs: BEGINS_MS, toMs: ENDS_MS };

const EVENTFUL_DAY_MS = 120_000;

const EVENING_CROWD: Crowd = { around: cityNamed("São Paulo"), times: 3, fromMs: 84_000, toMs: 94_000 };

/** Everything that may happen, one after the other: the main scenario. */
export const EVENTFUL_DAY: Scenario = {
  name: "eventful day",
  what: "a day with all of these, one every ten seconds",
  ms: EVENTFUL_DAY_MS,
  edges: ["Washington", "São Paulo", "London", "Frankfurt", "Mumbai", "Tokyo", LATE_EDGE],
  startsLater: [LATE_EDGE],
  demand: (place, atMs) => dayDemand(place, atMs, EVENTFUL_DAY_MS) * crowdDemand(EVENING_CROWD, place, atMs),
  mostDemand: (atMs) => (1 + DAY_SWING) * crowdDemand(EVENING_CROWD, EVENING_CROWD.around, atMs),
  happenings: [
    at(8_000, { kind: "slows", edge: "Frankfurt", times: 3 }),
    at(20_000, { kind: "slows", edge: "Frankfurt", times: 1 }),
    at(28_000, { kind: "moves away", edge: "Tokyo", ms: 120 }),
    at(36_000, { kind: "starts", edge: LATE_EDGE }),
    at(44_000, { kind: "moves away", edge: "Tokyo", ms: -120 }),
    at(50_000, { kind: "dies", edge: "Washington" }),
    at(62_000, { kind: "starts", edge: "Washington" }),
    at(70_000, { kind: "drains", edge: "London" }),
    at(78_000, { kind: "starts", edge: "London" }),
    at(98_000, { kind: "lapses", edge: "Mumbai" }),
    at(106_000, { kind: "has its lease again", edge: "Mumbai" }),
    at(110_000, { kind: "cut off", edge: "Frankfurt" }),
    at(116_000, { kind: "reachable again", edge: "Frankfurt" }),
  ],
};

/** Those in which one sees over time how the choice follows, and the edge whose neighbours see it. */
export const FOLLOWED = [
  { scenario: "near becomes far", edge: "Tokyo", marks: ["150 ms further", "as before"] },
  { scenario: "slow edge", edge: "Frankfurt", marks: ["three times slower", "as before"] },
  { scenario: "flash crowd", edge: "London", marks: ["the crowd comes", "and goes"] },
] as const;

export const SCENARIOS: readonly Scenario[] = [
  scenario("calm", "even demand, nothing happens", []),
  {
    ...scenario("day", "the evening goes round the Earth once", []),
    demand: (place, atMs) => dayDemand(place, atMs, MINUTE_MS),
    mostDemand: () => 1 + DAY_SWING,
  },
  {
    ...scenario(
      "flash crowd",
      "four times the demand within 1,500 km of London from 25 s to 40 s, rising from 20 s",
      [],
    ),
    demand: (place, atMs) => crowdDemand(FLASH_CROWD, place, atMs),
    mostDemand: (atMs) => crowdDemand(FLASH_CROWD, FLASH_CROWD.around, atMs),
  },
  scenario("slow edge", "Frankfurt is three times slower from 20 s to 40 s", [
    at(BEGINS_MS, { kind: "slows", edge: "Frankfurt", times: 3 }),
    at(ENDS_MS, { kind: "slows", edge: "Frankfurt", times: 1 }),
  ]),
  scenario("near becomes far", "Tokyo is 150 ms further from those near it from 20 s to 40 s", [
    at(BEGINS_MS, { kind: "moves away", edge: "Tokyo", ms: 150 }),
    at(ENDS_MS, { kind: "moves away", edge: "Tokyo", ms: -150 }),
  ]),
  scenario("edge dies", "Washington is killed at 20 s and started again at 40 s", [
    at(BEGINS_MS, { kind: "dies", edge: "Washington" }),
    at(ENDS_MS, { kind: "starts", edge: "Washington" }),
  ]),
  scenario("edge cut off", "nothing comes back from Mumbai from 20 s to 40 s", [
    at(BEGINS_MS, { kind: "cut off", edge: "Mumbai" }),
    at(ENDS_MS, { kind: "reachable again", edge: "Mumbai" }),
  ]),
  scenario("edge drains", "London drains at 20 s and is started again at 40 s", [
    at(BEGINS_MS, { kind: "drains", edge: "London" }),
    at(ENDS_MS, { kind: "starts", edge: "London" }),
  ]),
  scenario("edge lapses", "Singapore has no lease and asks its origin, 80 ms, from 20 s to 40 s", [
    at(BEGINS_MS, { kind: "lapses", edge: "Singapore" }),
    at(ENDS_MS, { kind: "has its lease again", edge: "Singapore" }),
  ]),
  {
    ...scenario("edge joins", "Hong Kong starts at 20 s", [
      at(BEGINS_MS, { kind: "starts", edge: LATE_EDGE }),
    ]),
    edges: [...TEN_EDGES, LATE_EDGE],
    startsLater: [LATE_EDGE],
  },
  EVENTFUL_DAY,
];

export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no scenario is called ${name}`);
  return found;
}
