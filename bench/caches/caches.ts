/**
 * Our edge beside other caches, each on one core, under the same load in the same run. It prints a table and writes
 * docs/benchmarks.md. How to read it: README.md in the folder above.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { fileURLToPath } from "node:url";
import { type Program, type Settings, setting } from "../../process/settings/program.ts";
import { readSettings } from "../../process/settings/read-settings.ts";
import * as values from "../../process/settings/values.ts";
import { freePort } from "../../test/rig/free-port.ts";
import { startRedisServer } from "../../test/rig/redis-server.ts";
import { ChildProgram, versionOf } from "../child-program.ts";
import { benchmarksPage } from "./benchmarks-page.ts";
import type { CacheServer } from "./cache-server.ts";
import { compiled } from "./compiled.ts";
import { contendersOf, edge, peers } from "./contenders.ts";
import { measure } from "./measure.ts";
import { HEADER, rowsOf } from "./results-table.ts";
import { groupOf, runSeconds } from "./run-length.ts";
import { type Workload, workloads } from "./workloads.ts";

const program = {
  name: "bench",
  usage: "npm run bench --",
  summary: "The edge beside HAProxy, nginx, Varnish and Traffic Server, as caches on one core.",
  settings: {
    rounds: setting({
      type: values.wholeNumber(1, 100),
      default: 3,
      help: "How often each cache has its turn; the medians count.",
    }),
    seconds: setting({ type: values.wholeNumber(1, 600), default: 2, help: "Length of a turn." }),
    only: setting({
      type: values.text("part of the name of a workload"),
      default: "",
      help: "Only the workloads whose names contain this. Nothing is written then.",
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
// The last one is for all that is not measured: clients, the origin, Redis, this program.
const loadCore = canPin ? cpus().length - 1 : undefined;
const missing = new Set<string>();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What no workload can do without, as the lines to say. */
function needed(): readonly string[] {
  return [
    ["wrk", "command -v wrk", "wrk"],
    ["h2load", "h2load --version", "nghttp2-client"],
    ["openssl", "openssl version", "openssl"],
    ["cc", "cc --version", "gcc libc6-dev"],
    ["redis-server", "redis-server --version", "redis-server"],
  ].flatMap(([name, command = "", from]) =>
    versionOf(command, "") === undefined
      ? [`${name} is not on PATH (Debian and Ubuntu: apt-get install ${from})`]
      : [],
  );
}

async function startAll({ threads, others }: Workload, redis: string | undefined, originPort: number) {
  const cores = canPin ? Array.from({ length: threads }, (_, core) => core).join(",") : undefined;
  const servers: CacheServer[] = [];
  for (const contender of [edge, ...others.flatMap(contendersOf)]) {
    const server = await contender.start({ originPort, cores, threads, redis });
    if (server !== undefined) servers.push(server);
    else missing.add(`${contender.name} is not on PATH (Debian: apt-get install ${contender.package})`);
  }
  return servers;
}

/** Workloads with the same servers. */
async function measureGroup(
  group: readonly [Workload, ...Workload[]],
  originPort: number,
): Promise<string[]> {
  const redis = group[0].purgesASecond > 0 ? await startRedisServer() : undefined;
  const servers = await startAll(group[0], redis?.url, originPort);
  const rows: string[] = [];
  for (const workload of group) {
    const results = await measure(workload, servers, { rounds, seconds }, loadCore, say);
    const some = rowsOf(workload.name, edge.name, results);
    for (const row of some) say(row);
    rows.push(...some);
  }
  for (const server of servers) await server.stop();
  await redis?.close();
  for (const { name } of servers) compared.add(name);
  return rows;
}

const compared = new Set<string>();
const lacking = needed();
for (const line of lacking) say(line);
if (lacking.length > 0) process.exit(1);
const chosen = workloads.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
if (chosen.length === 0) {
  say(`no workload's name contains "${only}". There are:`);
  for (const { name } of workloads) say(`  ${name}`);
  process.exit(1);
}
const busy = loadavg()[0]?.toFixed(1) ?? "an unknown number of";
const minutes = Math.ceil(runSeconds(chosen, 1 + peers.length, { rounds, seconds }) / 60);
say(`${chosen.length} loads, ${rounds} rounds of ${seconds} s: about ${minutes} min`);
if (loadCore !== undefined) {
  // Children that are not pinned otherwise, such as Redis, stay there too.
  execFileSync("taskset", ["-a", "-c", "-p", String(loadCore), String(process.pid)]);
}
// Each server and compiled program has one, which removes it if this program ends early.
process.setMaxListeners(30);
const originPort = await freePort();
const origin = await ChildProgram.start(
  "origin",
  [compiled("origin.c") ?? "", String(originPort)],
  originPort,
);
for (const line of HEADER) say(line);
const rows: string[] = [];
for (const group of Map.groupBy(chosen, groupOf).values()) {
  const [first, ...others] = group;
  if (first !== undefined) rows.push(...(await measureGroup([first, ...others], originPort)));
}
await origin.stop();
for (const line of missing) say(line);
if (only === "") {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const page = benchmarksPage({
    date: new Date().toISOString().slice(0, 10),
    commit,
    machine: `${cpus().length} cores of ${cpus()[0]?.model ?? "an unknown processor"}, Linux ${release()}`,
    node: process.version.slice(1),
    caches: [...compared],
    rounds,
    seconds,
    busy,
    missing: [...missing],
    rows,
  });
  writeFileSync(REPORT, page);
}
