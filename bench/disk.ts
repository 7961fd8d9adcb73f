/**
 * The disk tier: hits from disk beside other caches that store on disk, hits from memory while it writes, and a start with
 * a million responses. `--only start|hits|writes`, `--objects N`, `--seconds N`. docs/benchmarks.md has results.
 */
import { parseArgs } from "node:util";
import { freePort } from "../test/rig/free-port.ts";
import { compiled } from "./caches/compiled.ts";
import { ChildProgram } from "./child-program.ts";
import { measureHits } from "./disk/hits.ts";
import { measureStart } from "./disk/start.ts";
import { measureWrites } from "./disk/writes.ts";
import { hasWrk } from "./wrk.ts";

const parts = ["start", "hits", "writes"] as const;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    objects: { type: "string", default: "1000000" },
    seconds: { type: "string", default: "5" },
  },
});
const chosen = parts.filter((part) => values.only === undefined || values.only === part);
if (chosen.length === 0) {
  process.stderr.write(`--only: must be one of ${parts.join(", ")}, got "${values.only}"\n`);
  process.exit(2);
}
const seconds = Number(values.seconds);
const BODY_BYTES = 1_024;

function say(...cells: readonly (string | number)[]): void {
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
}

/** Runs what needs an origin and a client. */
async function withOrigin(work: (originPort: number) => Promise<void>): Promise<void> {
  const program = compiled("origin.c");
  if (program === undefined || !hasWrk()) {
    process.stdout.write("left out: it needs a C compiler and wrk\n");
    return;
  }
  const port = await freePort();
  const origin = await ChildProgram.start("origin", [program, String(port)], port, 1);
  await work(port);
  await origin.stop();
}

async function start(): Promise<void> {
  const found = await measureStart(Number(values.objects), BODY_BYTES);
  say(
    "responses on disk",
    "accepts after s",
    "without a disk s",
    "longest turn ms",
    "index bytes each",
    "files / responses",
  );
  say("---", "---", "---", "---", "---", "---");
  const { objects, acceptsMs, withoutMs, longestTurnMs, indexBytes, amplification } = found;
  const [accepts, without] = [acceptsMs, withoutMs].map((ms) => (ms / 1_000).toFixed(2));
  say(
    objects,
    accepts ?? "",
    without ?? "",
    longestTurnMs.toFixed(1),
    indexBytes.toFixed(0),
    amplification.toFixed(2),
  );
}

async function hits(originPort: number): Promise<void> {
  say("bytes", "cache", "hits/s", "processor us a hit", "p99 ms", "ours / it: hits", "ours / it: processor");
  say("---", "---", "---", "---", "---", "---", "---");
  const figures = await measureHits(originPort, seconds);
  for (const { bytes, cache, perSecond, processorUs, p99Ms } of figures) {
    const ours = figures.find((each) => each.bytes === bytes);
    const isOurs = ours?.cache === cache;
    const ratio = (a: number, b: number) => (isOurs ? "" : (a / b).toFixed(2));
    const ratios = [ratio(ours?.perSecond ?? 0, perSecond), ratio(ours?.processorUs ?? 0, processorUs)];
    say(bytes, cache, perSecond.toFixed(0), processorUs.toFixed(0), p99Ms.toFixed(2), ...ratios);
  }
}

async function writes(originPort: number): Promise<void> {
  say("hits from memory", "hits/s", "p99 ms", "new responses/s");
  say("---", "---", "---", "---");
  for (const { what, hitsPerSecond, p99Ms, newPerSecond } of await measureWrites(originPort, seconds))
    say(what, hitsPerSecond.toFixed(0), p99Ms.toFixed(2), newPerSecond.toFixed(0));
}

if (chosen.includes("start")) await start();
if (chosen.includes("hits")) await withOrigin(hits);
if (chosen.includes("writes")) await withOrigin(writes);
