/**
 * Our edge beside other caches, each on one core, under the same load in the same run. It prints a table and writes
 * docs/benchmarks.md. How to read it: README.md in the folder above.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Program, type Settings, setting } from "../../process/settings/program.ts";
import { readSettings } from "../../process/settings/read-settings.ts";
import * as values from "../../process/settings/values.ts";
import { ChildProgram, freePort, versionOf } from "../child-program.ts";
import { hasWrk, loadByScript } from "../wrk.ts";
import { type CacheServer, edge, peers } from "./cache-servers.ts";
import { type Workload, workloads } from "./workloads.ts";

const program = {
  name: "bench",
  usage: "npm run bench --",
  summary: "The edge beside HAProxy, nginx and Varnish, as caches on one core.",
  settings: {
    rounds: setting({
      type: values.wholeNumber(1, 100),
      default: 3,
      help: "How often each cache has its turn; the medians count.",
    }),
    seconds: setting({ type: values.wholeNumber(1, 600), default: 3, help: "Length of a turn." }),
    only: setting({
      type: values.text("part of the name of a workload"),
      default: "",
      help: "Only the workloads whose names contain this.",
    }),
  },
} as const satisfies Program<Settings>;

const { rounds, seconds, only } = readSettings(program, {
  argv: process.argv.slice(2),
  env: {},
  readFile: () => "",
});

const REPORT = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const canPin = cpus().length >= 2 && versionOf("taskset", "-V") !== undefined;
const [cacheCore, loadCore] = canPin ? [0, 1] : [undefined, undefined];

interface Measured {
  readonly perSecond: number;
  /** Microseconds of processor time for a request. */
  readonly processorUs: number;
  readonly p99Ms: number;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function turn(server: CacheServer, script: string, { connections }: Workload): Promise<Measured> {
  const before = server.processorSeconds();
  const load = await loadByScript(server.url, script, { connections, seconds, core: loadCore });
  const used = server.processorSeconds() - before;
  return { perSecond: load.perSecond, p99Ms: load.p99Ms, processorUs: (used / load.requests) * 1e6 };
}

/** All have a turn in each round, so that what else happens on the machine falls on all. */
async function measure(
  workload: Workload,
  servers: readonly CacheServer[],
): Promise<ReadonlyMap<string, Measured>> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const script = join(folder, "load.lua");
  writeFileSync(script, workload.script);
  const taking = servers.filter(({ name }) => name !== "floor" || workload.floor);
  const turns = new Map<string, Measured[]>(taking.map(({ name }) => [name, []]));
  for (const server of taking) if (server.name !== "floor") await warmUp(server, workload);
  for (let round = 0; round <= rounds; round += 1) {
    for (const server of taking) {
      const measured = await turn(server, script, workload);
      // The first round warms up.
      if (round > 0) turns.get(server.name)?.push(measured);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return new Map([...turns].map(([name, all]) => [name, medians(all)]));
}

function medians(all: readonly Measured[]): Measured {
  return {
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    processorUs: median(all.map(({ processorUs }) => processorUs)),
    p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
  };
}

async function warmUp({ url, name }: CacheServer, { warm }: Workload): Promise<void> {
  for (let at = 0; at < warm.length; at += 100) {
    const some = warm.slice(at, at + 100);
    const answers = await Promise.all(some.map((path) => fetch(url + path)));
    for (const answer of answers) {
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${name} answers ${answer.status} to ${answer.url}`);
    }
  }
}

const missing: string[] = [];
const busy = loadavg()[0]?.toFixed(1) ?? "an unknown number of";

async function startAll(originPort: number): Promise<readonly CacheServer[]> {
  const servers: CacheServer[] = [];
  for (const contender of [edge, ...peers]) {
    const server = await contender.start(originPort, cacheCore);
    if (server !== undefined) servers.push(server);
    else missing.push(`${contender.name} is not on PATH (Debian: apt-get install ${contender.package})`);
  }
  return servers;
}

function rowsOf(workload: Workload, results: ReadonlyMap<string, Measured>): readonly string[] {
  const ours = results.get(edge.name);
  if (ours === undefined) throw new Error("the edge was not measured");
  return [...results].map(([name, { perSecond, processorUs, p99Ms }]) => {
    const [rate, cost] = [ours.perSecond / perSecond, ours.processorUs / processorUs];
    const ratios = name === edge.name ? ["", ""] : [rate.toFixed(2), cost.toFixed(2)];
    const cells =
      perSecond === 0
        ? ["does not answer", "", "", "", ""]
        : [perSecond.toFixed(0), processorUs.toFixed(1), p99Ms.toFixed(2), ...ratios];
    return `| ${[workload.name, name, ...cells].join(" | ")} |`;
  });
}

const HEADER = [
  "| load | cache | requests/s | processor us a request | p99 ms | ours / it: requests | ours / it: processor |",
  "| --- | --- | --- | --- | --- | --- | --- |",
];

function report(rows: readonly string[], servers: readonly CacheServer[]): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const [cpu] = cpus();
  return `# Benchmarks

\`npm run bench\` has written this file. ${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${cpus().length} cores of
${cpu?.model ?? "an unknown processor"}, Linux ${release()}, node ${process.version.slice(1)}. Compared: ${servers.map(({ name }) => name).join(", ")}.

Each cache has one core to itself, \`wrk\` has another one. ${rounds} turns of ${seconds} s each, in turn; the medians count. The
figures of one machine say little about another: read the last two columns. Before the run ${busy} processes wanted to run:
the more of them, the less the rates say, while the processor time still counts. A rate above 1.00 and a processor time below
1.00 are in our favour. \`wrk\` on one core is the limit above some 125,000 requests a second: there the processor time
counts. \`floor\` is a program in C that reads and writes and does nothing else.
${missing.map((line) => `\n${line}.\n`).join("")}
${[...HEADER, ...rows].join("\n")}
`;
}

if (!hasWrk()) {
  say("wrk is not on PATH (Debian and Ubuntu: apt-get install wrk)");
  process.exit(1);
}
const originPort = await freePort();
const originFile = fileURLToPath(new URL("origin.ts", import.meta.url));
const origin = await ChildProgram.start(
  "origin",
  [process.execPath, originFile, String(originPort)],
  originPort,
  loadCore,
);
const servers = await startAll(originPort);
for (const line of missing) say(line);
for (const line of HEADER) say(line);
const rows: string[] = [];
for (const workload of workloads.filter(({ name }) => name.includes(only))) {
  const some = rowsOf(workload, await measure(workload, servers));
  for (const row of some) say(row);
  rows.push(...some);
}
for (const server of servers) await server.stop();
await origin.stop();
if (only === "") writeFileSync(REPORT, report(rows, servers));
