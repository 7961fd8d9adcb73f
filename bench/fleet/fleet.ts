/**
 * What a fleet costs its Redis: idle, a moment after purges, and while it purges; and how long receipts take.
 * `--edges 10,50,100,200`, `--seconds` and `--rate` ask for others. How to read it: bench/README.md.
 */
import { parseArgs } from "node:util";
import { startRedisServer } from "../../test/rig/redis-server.ts";
import { spreadOf } from "../spread.ts";
import { type RedisUsage, usageDuring } from "./redis-usage.ts";
import { SpreadFleet } from "./spread-fleet.ts";

const { values } = parseArgs({
  options: {
    edges: { type: "string", default: "10,50,100,200" },
    seconds: { type: "string", default: "10" },
    rate: { type: "string", default: "5" },
  },
});
const FLEETS = values.edges.split(",").map(Number);
const SECONDS = Number(values.seconds);
const PURGES_A_SECOND = Number(values.rate);
const SETTLING_MS = 2_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function sayUsage(edges: number, doing: string, { core, commands, bytesIn, bytesOut }: RedisUsage): void {
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB/s`.padStart(12);
  say(
    `${String(edges).padStart(5)}  ${doing.padEnd(13)}${`${(core * 100).toFixed(1)} %`.padStart(9)}` +
      `${commands.toFixed(0).padStart(12)}${kib(bytesIn)}${kib(bytesOut)}`,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Purges at a steady rate. Resolves to the milliseconds that each took. */
async function purgeSteadily(fleet: SpreadFleet): Promise<number[]> {
  const took: Promise<number>[] = [];
  for (let number = 0; number < SECONDS * PURGES_A_SECOND; number += 1) {
    took.push(fleet.purge(number));
    await pause(1_000 / PURGES_A_SECOND);
  }
  return await Promise.all(took);
}

async function measure(edges: number): Promise<void> {
  const redis = await startRedisServer();
  const fleet = await SpreadFleet.start(redis.url, edges);
  try {
    await pause(SETTLING_MS);
    sayUsage(edges, "idle", await usageDuring(redis, () => pause(SECONDS * 1_000)));
    let took: number[] = [];
    const purging = await usageDuring(redis, async () => {
      took = await purgeSteadily(fleet);
    });
    const { p50, p99 } = spreadOf(took);
    sayUsage(edges, `${PURGES_A_SECOND} purges/s`, purging);
    await pause(SETTLING_MS);
    sayUsage(edges, "idle again", await usageDuring(redis, () => pause(SECONDS * 1_000)));
    say(`${String(edges).padStart(5)}  receipts     p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  } finally {
    await fleet.stop();
    await redis.close();
  }
}

say("edges  doing           of a core  commands/s   in Redis   out of it");
for (const edges of FLEETS) await measure(edges);
process.exit(0);
