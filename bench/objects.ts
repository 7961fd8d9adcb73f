/**
 * What a stored response costs beyond its fields and its body, with a million of 1 KiB with three tags each, and the
 * longest turn of the event loop when all are purged. How to read it: README.md in this folder.
 */
import { setTimeout as after } from "node:timers/promises";
import { parseArgs } from "node:util";
import { evictionBy } from "../edge/store/eviction/policies.ts";
import { MemoryStore } from "../edge/store/memory-store.ts";
import { inOwnMemory } from "../edge/store/own-memory.ts";
import { Fields } from "../http/message/fields.ts";
import { systemClock } from "../process/clock.ts";
import type { PurgeTarget } from "../purge-log/purge.ts";
import { requestFor, storedResponse } from "../test/rig/stored-response.fixture.ts";
import { longestTurnOf } from "./longest-turn.ts";

const MIB = 2 ** 20;
const BODY = new Uint8Array(1_024).fill(120);
// Garbage must not count as memory of the store.
const BETWEEN_COLLECTIONS = 20_000;

const { values } = parseArgs({ options: { objects: { type: "string", default: "1000000" } } });
const objects = Number(values.objects);

const fields = Fields.of([
  ["Content-Type", "text/html; charset=utf-8"],
  ["Cache-Control", "public, max-age=60, stale-while-revalidate=30"],
  ["ETag", '"5f2b8c1d"'],
  ["Last-Modified", "Tue, 01 Sep 2026 10:00:00 GMT"],
  ["Date", "Tue, 01 Sep 2026 10:00:00 GMT"],
  ["Content-Length", "1024"],
  ["Surrogate-Key", "product-123456 category-7 all"],
]);

const store = new MemoryStore({
  maxBytes: 2 ** 33,
  eviction: () => evictionBy("adaptive"),
  clock: systemClock,
});
globalThis.gc?.();
const before = process.memoryUsage.rss();
for (let i = 0; i < objects; i += 1) {
  const target = `/shop/category-${i % 37}/product-${i}`;
  const tags = [`product-${i}`, `category-${i % 37}`, "all"];
  const given = { fields, chunks: [BODY], bodyLength: BODY.byteLength, sent: "as-stored", tags } as const;
  store.put(inOwnMemory(storedResponse(target, given)), requestFor(target));
  if (i % BETWEEN_COLLECTIONS === 0) globalThis.gc?.();
}
globalThis.gc?.();
await after(200);
const resident = process.memoryUsage.rss() - before;

const line = (...cells: readonly string[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
const own = fields.packed().characters + BODY.byteLength;
const each = (bytes: number) =>
  `${(bytes / objects).toFixed(0)}, ${(bytes / objects - own).toFixed(0)} beyond`;
line(`${objects} objects, fields and body ${own} bytes`, "");
line("---", "---");
line("charged, bytes each", each(store.bytes));
line("resident, bytes each", each(resident));
line("of it for objects of the last responses, MiB", (store.objectBytes / MIB).toFixed(0));

const all: readonly PurgeTarget[] = [{ kind: "tag", tag: "all" }];
line("longest turn, ms: dry run of a tag of all", (await longestTurnOf(() => store.covered(all))).toFixed(1));
line("longest turn, ms: soft", (await longestTurnOf(() => store.purge(all, 1))).toFixed(1));
line("longest turn, ms: hard", (await longestTurnOf(() => store.purge(all))).toFixed(1));
