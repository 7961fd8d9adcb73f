/**
 * The race that every cache must win: a purge lands while the origin's answer is on its way. The page was read
 * before the purge, so whoever waits may still get it; the next request must not. Every cache on PATH is asked.
 */
import { get } from "../test/rig/http-client.ts";
import { HttpOrigin, type Reply } from "../test/rig/http-origin.ts";
import {
  type RaceCache,
  startEdgeCache,
  startSquid,
  startTrafficServer,
  startVarnish,
} from "./race-cache.ts";

const MOMENTS = ["before the fields", "during the body", "during a 304 revalidation"] as const;
type Moment = (typeof MOMENTS)[number];

// Longer than the second of freshness, also for one that counts an age in whole seconds and calls 1 still fresh.
const STALE_AFTER_MS = 2_200;
const BODY_BYTES = 64 * 1024;

let version = "old";
let lifetime = 3_600;

/** Decided when the request arrives; what holds the answer back comes after. */
function page(request: { header(name: string): string | undefined }): Reply {
  const fields = [
    ["Cache-Control", `max-age=${lifetime}`],
    ["ETag", `"${version}"`],
    ["Surrogate-Key", "pages"],
  ] as const;
  if (request.header("if-none-match") === `"${version}"`) return { status: 304, fields };
  return { fields, body: version.padEnd(BODY_BYTES, ".") };
}

async function served(cache: RaceCache): Promise<string> {
  const { status, text } = await get(cache.url, "/page");
  return status === 200 ? text.slice(0, 3) : String(status);
}

/** The version that the request after the purge gets: "new" is right. */
async function race(
  cache: RaceCache,
  send: () => Promise<void>,
  moment: Moment,
  origin: HttpOrigin,
): Promise<string> {
  await send();
  version = "old";
  lifetime = 3_600;
  const before = origin.count("/page");
  let asked = before + 1;
  if (moment === "during a 304 revalidation") {
    lifetime = 1;
    await served(cache);
    lifetime = 3_600;
    asked += 1;
    await new Promise((resolve) => {
      setTimeout(resolve, STALE_AFTER_MS);
    });
  }
  const gate = origin.hold("/page", moment === "during the body" ? "body" : "fields");
  const waiting = served(cache);
  await origin.received("/page", asked);
  version = "new";
  await send();
  gate.open();
  await waiting;
  return served(cache);
}

const origin = await HttpOrigin.start({ "/page": page });
const caches = [
  await startEdgeCache(origin.url),
  await startVarnish(origin.url),
  await startSquid(origin.url),
  await startTrafficServer(origin.url),
];
const rows: string[][] = [["cache", "purge by", ...MOMENTS]];
for (const cache of caches) {
  if (cache === undefined) continue;
  for (const [how, send] of cache.purges) {
    const row = [cache.name, how];
    for (const moment of MOMENTS) {
      const got = await race(cache, send, moment, origin);
      row.push(got === "new" ? "ok" : got === "old" ? "serves the old version" : `answers ${got}`);
    }
    rows.push(row);
  }
  await cache.stop();
}
await origin.stop();
const [head = [], ...body] = rows;
for (const row of [head, head.map(() => "---"), ...body]) process.stdout.write(`| ${row.join(" | ")} |\n`);
for (const [index, name] of ["varnishd", "squid", "traffic_server"].entries()) {
  if (caches[index + 1] === undefined)
    process.stdout.write(`\n${name} is not on PATH, so it was not asked.\n`);
}
