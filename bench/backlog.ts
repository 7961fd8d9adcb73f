/**
 * What a backlog holds up: an edge that has missed 1,000 purge calls of 1,000 targets follows them from a real Redis, with
 * 60,000 responses in its store. How to read it: README.md in this folder.
 */
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { PurgeFollower } from "../edge/purging/follower.ts";
import { evictionBy } from "../edge/store/eviction/policies.ts";
import { MemoryStore } from "../edge/store/memory-store.ts";
import { systemClock } from "../process/clock.ts";
import type { Failure } from "../process/failure.ts";
import { createLog } from "../process/log.ts";
import { comparePositions, type Position } from "../purge-log/position.ts";
import { MOST_TARGETS, type Purge } from "../purge-log/purge.ts";
import { encodePurge } from "../purge-log/purge-codec.ts";
import { purgeDigest } from "../purge-log/purge-digest.ts";
import type { Heartbeat, LogState } from "../purge-log/purge-log.ts";
import { PLAIN_ACCESS } from "../purge-log/redis/redis-access.ts";
import { RedisPurgeLog } from "../purge-log/redis/redis-purge-log.ts";
import { publish } from "../purge-log/redis/scripts.ts";
import { startRedisServer } from "../test/rig/redis-server.ts";
import { requestFor, storedResponse } from "../test/rig/stored-response.fixture.ts";
import { LongestTurn } from "./longest-turn.ts";

const CALLS = 1_000;
const RESPONSES = 60_000;
const LEASE_MS = 2_000;
const GOAL_MS = 20;
const MIB = 1_048_576;

const throwTrouble = (failure: Failure): never => {
  throw failure;
};

/** Gives an edge its place in the log as it was before the backlog, as if the edge had been there then. */
class LogOfLateEdge extends RedisPurgeLog {
  readonly #seen: LogState;
  #isFirst = true;
  beats = 0;

  constructor(url: string, seen: LogState) {
    super({
      url,
      access: PLAIN_ACCESS,
      clock: systemClock,
      random: Math.random,
      onTrouble: throwTrouble,
      onRecovered: () => undefined,
    });
    this.#seen = seen;
  }

  override async heartbeat(beat: Heartbeat): Promise<LogState> {
    const state = await super.heartbeat(beat);
    this.beats += 1;
    const tail = this.#isFirst ? this.#seen.tail : state.tail;
    this.#isFirst = false;
    return { ...state, tail };
  }
}

function callOf(number: number): Purge {
  const targets = Array.from({ length: MOST_TARGETS }, (_, i) => {
    const target = `/shop/category-${i % 37}/product-${(number * MOST_TARGETS + i) % (2 * RESPONSES)}`;
    return { kind: "url", target, site: "default" } as const;
  });
  return { purgeId: randomUUID(), targets, soft: number % 2 === 1, by: "bench" };
}

async function appendAll(url: string): Promise<Position> {
  const client = new Redis(url);
  let tail: Position = { epoch: 0, seq: 0 };
  let bytes = 0;
  for (let number = 0; number < CALLS; number += 1) {
    const purge = callOf(number);
    const encoded = encodePurge(purge);
    if (encoded.kind === "refused") throw new Error(encoded.reason);
    bytes += encoded.text.length;
    const entry = { purgeId: purge.purgeId, text: encoded.text, digest: purgeDigest(purge) };
    const { positions } = await publish(client, { purges: [entry], floor: { epoch: 0, seq: 0 } });
    const [position] = positions;
    if (position === undefined || position === "another-purge") throw new Error("a purge was not taken");
    tail = position;
  }
  client.disconnect();
  process.stdout.write(
    `${CALLS} calls of ${MOST_TARGETS} targets: ${(bytes / MIB).toFixed(0)} MiB in the log\n`,
  );
  return tail;
}

const redis = await startRedisServer();
const identity = {
  edge: "edge-1",
  bootId: randomUUID(),
  grpcAddress: "127.0.0.1:1",
  httpAddress: "127.0.0.1:2",
};
const before = new RedisPurgeLog({
  url: redis.url,
  access: PLAIN_ACCESS,
  clock: systemClock,
  random: Math.random,
  onTrouble: throwTrouble,
  onRecovered: () => undefined,
});
const seen = await before.heartbeat({
  ...identity,
  leaseMs: LEASE_MS,
  sites: "",
  staleWhenLapsed: false,
  position: { epoch: 0, seq: 0 },
  runId: "",
  applied: [],
});
await before.close();
const tail = await appendAll(redis.url);

const store = new MemoryStore({
  maxBytes: 1024 * MIB,
  eviction: () => evictionBy("adaptive"),
  clock: systemClock,
});
for (let i = 0; i < RESPONSES; i += 1) {
  const target = `/shop/category-${(i % MOST_TARGETS) % 37}/product-${i}`;
  store.put(storedResponse(target), requestFor(target));
}
const purgeLog = new LogOfLateEdge(redis.url, seen);
const log = createLog("bench", "silent");
const follower = new PurgeFollower({ leaseMs: LEASE_MS, purgeLog, store, clock: systemClock, log });
globalThis.gc?.();
const rssBefore = process.memoryUsage.rss();
const turns = new LongestTurn();
const startedAt = performance.now();
await follower.start(identity);
while (comparePositions(follower.position, tail) < 0) await turns.next();
const took = performance.now() - startedAt;
const beats = purgeLog.beats;
const { wallMs, processorMs } = turns;
await follower.stop();
await purgeLog.close();
await redis.close();

const show = (what: string, value: string) => process.stdout.write(`${what.padEnd(44)}${value}\n`);
show(
  "caught up",
  `${(took / 1_000).toFixed(1)} s, ${follower.purges} calls, ${RESPONSES - store.objects} responses dropped`,
);
show(
  "longest turn of the event loop",
  `${wallMs.toFixed(1)} ms; of its processor ${processorMs.toFixed(1)} ms`,
);
show("turns of its processor above 5, 10, 20 ms", turns.above.join(", "));
show("heartbeats meanwhile", `${beats}, one each ${(took / beats).toFixed(0)} ms (lease ${LEASE_MS} ms)`);
show("memory grew by", `${((process.memoryUsage.rss() - rssBefore) / MIB).toFixed(0)} MiB`);
show(`goal: at most ${GOAL_MS} ms of processor a turn`, processorMs <= GOAL_MS ? "met" : "MISSED");
