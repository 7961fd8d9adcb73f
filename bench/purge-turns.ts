/**
 * How long each kind of purge holds others up: the longest turn of the event loop, with 60,000 responses in the store.
 * How to read it: README.md in this folder.
 */
import { PurgeFollower } from "../edge/purging/follower.ts";
import { evictionBy } from "../edge/store/eviction/policies.ts";
import { MemoryStore } from "../edge/store/memory-store.ts";
import { systemClock } from "../process/clock.ts";
import { createLog } from "../process/log.ts";
import { MemoryPurgeLog } from "../purge-log/memory-purge-log.ts";
import { MOST_TARGETS, type PurgeTarget } from "../purge-log/purge.ts";
import { requestFor, storedResponse } from "../test/rig/stored-response.fixture.ts";
import { longestTurnOf } from "./longest-turn.ts";

const RESPONSES = 60_000;
const QUERIES = 20_000;
// The first round also compiles the code.
const ROUNDS = 3;
const TAGS = ["all", ...Array.from({ length: 20 }, (_, i) => `t${i}`)];

const places = Array.from({ length: MOST_TARGETS }, (_, i) => i);
const kinds: Record<string, readonly PurgeTarget[]> = {
  "a tag of all responses": [{ kind: "tag", tag: "all" }],
  "a URL with 20,000 queries": [{ kind: "url", target: "/search" }],
  "1,000 URLs": places.map((i) => ({ kind: "url", target: productAt(QUERIES + i) })),
  "1,000 URLs of 8 KiB": places.map((i) => ({ kind: "url", target: `/%41${"a%7eb/".repeat(1_365)}${i}` })),
  "1,000 prefixes": places.map((i) => ({ kind: "prefix", prefix: productAt(QUERIES + i) })),
  "a site": [{ kind: "everything", site: "default" }],
};

function productAt(i: number): string {
  return `/shop/category-${i % 37}/product-${i}`;
}

function filledStore(): MemoryStore {
  const store = new MemoryStore({
    maxBytes: 2 ** 31,
    eviction: () => evictionBy("adaptive"),
    clock: systemClock,
  });
  for (let i = 0; i < RESPONSES; i += 1) {
    const target = i < QUERIES ? `/search?q=${i}` : productAt(i);
    store.put(storedResponse(target, { tags: TAGS }), requestFor(target));
  }
  return store;
}

/** As an entry of the log, through fence and store. */
async function applied(targets: readonly PurgeTarget[], soft: boolean): Promise<number> {
  const purgeLog = new MemoryPurgeLog(systemClock);
  const log = createLog("bench", "silent");
  const follower = new PurgeFollower({
    leaseMs: 2_000,
    purgeLog,
    store: filledStore(),
    clock: systemClock,
    log,
  });
  await follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
  const { epoch, seq } = follower.position;
  const purge = { purgeId: "p", targets, soft, by: "bench" };
  const entry = { position: { epoch, seq: seq + 1 }, content: { kind: "purge", purge } } as const;
  const ms = await longestTurnOf(() => follower.apply([entry]));
  await follower.stop();
  await purgeLog.close();
  return ms;
}

async function medianOf(once: () => Promise<number>): Promise<string> {
  const all: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) all.push(await once());
  const [, median = 0] = all.sort((a, b) => a - b);
  return `${median.toFixed(1)} (${all.at(-1)?.toFixed(1)})`;
}

const line = (...cells: readonly string[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
line("longest turn in ms, median (worst) of 3", "hard", "soft", "dry run");
line("---", "---", "---", "---");
for (const [kind, targets] of Object.entries(kinds)) {
  const hard = await medianOf(() => applied(targets, false));
  const soft = await medianOf(() => applied(targets, true));
  const dry = await medianOf(() => {
    const store = filledStore();
    return longestTurnOf(() => store.covered(targets));
  });
  line(kind, hard, soft, dry);
}
const group = await medianOf(() => {
  const store = filledStore();
  return longestTurnOf(() => store.purge([{ kind: "tag", tag: "all", site: "default" }]));
});
line("`Cache-Group-Invalidation` of all", group, "", "");
