/**
 * What a proven purge costs: how long until three edges have applied it, beside what Redis itself needs to bring an
 * entry to three clients, in the same run; how many a second; and what applying 1,000 a second takes from the hits.
 * How to read it: README.md in this folder.
 */
import { randomUUID } from "node:crypto";
import { systemClock } from "../process/clock.ts";
import { createLog } from "../process/log.ts";
import { openPurgeLog } from "../purge-log/open-purge-log.ts";
import { BEGINNING } from "../purge-log/position.ts";
import { BareRedis } from "./bare-redis.ts";
import { PurgeFleet } from "./purge-fleet.ts";
import { type Spread, spreadOf } from "./spread.ts";
import { hasWrk, load } from "./wrk.ts";

const EDGES = 3;
const WARM_UP = 300;
// Bare and proven take turns, so that what else happens on the machine falls on both.
const ROUNDS = 100;
const SAMPLES_A_ROUND = 10;
const SUSTAINED_S = 5;
const IN_FLIGHT = 96;
const APPLIED_A_SECOND = 1_000;
const HITS_S = 5;
// With purges and without take turns; the median counts.
const HIT_ROUNDS = 5;
const HIT_CONNECTIONS = 32;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function show(name: string, { count, p50, p99, max }: Spread): void {
  const numbers = [p50, p99, max].map((ms) => `${ms.toFixed(2)} ms`.padStart(10));
  say(`${name.padEnd(44)}${numbers.join("")}   (${count})`);
}

function goal(what: string, value: number, met: boolean, rule: string): void {
  say(`${what.padEnd(44)}${value.toFixed(2).padStart(10)}   goal ${rule}: ${met ? "met" : "MISSED"}`);
}

async function latency(fleet: PurgeFleet): Promise<void> {
  const bare = await BareRedis.start(fleet.redis.url, EDGES);
  const samples = { bare: [] as number[], applied: [] as number[], call: [] as number[] };
  const proven = async (number: number): Promise<void> => {
    const startedAt = performance.now();
    const { outcome, edges } = await fleet.purge(number, `/never-stored-${number}`, 5);
    if (outcome !== "applied" || edges.length !== EDGES)
      throw new Error(`a purge was ${outcome} by ${edges.length} edges`);
    samples.call.push(performance.now() - startedAt);
    samples.applied.push(Math.max(...edges.map(({ ms }) => ms)));
  };
  for (let number = 0; number < WARM_UP; number += 1) {
    await bare.milliseconds();
    await proven(number);
  }
  for (const list of Object.values(samples)) list.length = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let sample = 0; sample < SAMPLES_A_ROUND; sample += 1) samples.bare.push(await bare.milliseconds());
    for (let sample = 0; sample < SAMPLES_A_ROUND; sample += 1)
      await proven(round * SAMPLES_A_ROUND + sample);
  }
  bare.close();
  const [floor, applied] = [spreadOf(samples.bare), spreadOf(samples.applied)];
  say(
    `${"one purge at a time".padEnd(44)}${["p50", "p99", "max"].map((word) => word.padStart(10)).join("")}`,
  );
  show("bare Redis: XADD -> XREAD in three clients", floor);
  show("accepted -> applied on three edges", applied);
  show("gRPC call -> answer with three receipts", spreadOf(samples.call));
  const [p50, p99] = [applied.p50 / floor.p50, applied.p99 / floor.p99];
  goal("p50, times bare Redis", p50, p50 <= 3 && applied.p50 <= 1.5, "at most 3, and 1.5 ms");
  goal("p99, times bare Redis", p99, p99 <= 3, "at most 3");
}

/** Calls that do not wait for receipts, as many in flight as fit, until every edge has applied the last of them. */
async function sustained(fleet: PurgeFleet): Promise<void> {
  const startedAt = performance.now();
  const appliedBefore = await appliedBy(fleet);
  let calls = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - startedAt < SUSTAINED_S * 1_000) {
      calls += 1;
      const { position, detail } = await fleet.purge(calls, `/sustained-${calls}`, 0);
      if (position === "") throw new Error(`a purge was not accepted: ${detail}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  while ((await appliedBy(fleet)) - appliedBefore < calls) await pause(5);
  const perSecond = calls / ((performance.now() - startedAt) / 1_000);
  goal("purges a second, applied on every edge", perSecond, perSecond >= 3_000, "at least 3000");
}

/** How many purges the slowest edge has applied. */
async function appliedBy(fleet: PurgeFleet): Promise<number> {
  const counts = fleet.edges.map(async (_, index) => (await fleet.stats(index)).purges);
  return Math.min(...(await Promise.all(counts)));
}

/** One edge, as the others would be on other machines. */
async function hits(): Promise<void> {
  if (!hasWrk()) {
    say("hit throughput: not measured, because wrk is not on PATH (Debian and Ubuntu: apt-get install wrk)");
    return;
  }
  const fleet = await PurgeFleet.start(1);
  try {
    const url = `http://127.0.0.1:${fleet.edges[0]?.httpPort}/page`;
    await requestsPerSecond(url, 2);
    const kept: number[] = [];
    for (let round = 0; round < HIT_ROUNDS; round += 1) {
      const alone = await requestsPerSecond(url, HITS_S);
      const { perSecond, applied } = await hitsBesidePurges(fleet, url);
      say(
        `${`hits a second, ${applied.toFixed(0)} purges a second, and none`.padEnd(44)}${perSecond.toFixed(0).padStart(10)}${alone.toFixed(0).padStart(10)}`,
      );
      kept.push(perSecond / alone);
    }
    const { p50 } = spreadOf(kept);
    goal("hits kept, of 1", p50, p50 >= 0.8, "at least 0.8");
  } finally {
    await fleet.stop();
  }
}

async function hitsBesidePurges(
  fleet: PurgeFleet,
  url: string,
): Promise<{ readonly perSecond: number; readonly applied: number }> {
  const stop = new AbortController();
  const before = (await fleet.stats(0)).purges;
  const startedAt = performance.now();
  const purging = purgeSteadily(fleet.redis.url, stop.signal);
  const perSecond = await requestsPerSecond(url, HITS_S);
  const purges = (await fleet.stats(0)).purges - before;
  const applied = purges / ((performance.now() - startedAt) / 1_000);
  stop.abort();
  await purging;
  return { perSecond, applied };
}

/** Appends to the log as an edge elsewhere would, so that the measured one only applies. */
async function purgeSteadily(redis: string, signal: AbortSignal): Promise<void> {
  const log = openPurgeLog(redis, systemClock, createLog("bench", "silent"));
  const startedAt = performance.now();
  const answers: Promise<unknown>[] = [];
  while (!signal.aborted) {
    const due = ((performance.now() - startedAt) / 1_000) * APPLIED_A_SECOND;
    while (answers.length < due) {
      const target = { kind: "url", target: `/steady-${answers.length}` } as const;
      const purge = { purgeId: randomUUID(), targets: [target], soft: false, by: "bench" };
      answers.push(log.append(purge, BEGINNING));
    }
    await pause(5);
  }
  await Promise.all(answers);
  await log.close();
}

async function requestsPerSecond(url: string, seconds: number): Promise<number> {
  return (await load(url, { connections: HIT_CONNECTIONS, seconds })).perSecond;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

const fleet = await PurgeFleet.start(EDGES);
try {
  await latency(fleet);
  await sustained(fleet);
} finally {
  await fleet.stop();
}
await hits();
process.exit(0);
