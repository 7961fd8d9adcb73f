/**
 * What the router takes from an edge's speed, beside nginx and HAProxy in front of the same upstream in the same run:
 * requests a second, and the time that it adds. How to read it: README.md in this folder.
 */
import { cpus } from "node:os";
import { type Program, type Settings, setting } from "../process/settings/program.ts";
import { readSettings } from "../process/settings/read-settings.ts";
import * as values from "../process/settings/values.ts";
import { versionOf } from "./child-program.ts";
import { median } from "./median.ts";
import { type ReverseProxy, startHaproxy, startNginx, startRouter } from "./proxies.ts";
import { type RunningUpstream, startEdge, startFiles } from "./upstreams.ts";
import { hasWrk, load } from "./wrk.ts";

// The usual fields of a browser.
const BROWSER = [
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-GB,en;q=0.5",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Referer: http://www.example.com/index.html",
  "Sec-Fetch-Dest: document",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Site: same-origin",
  "Priority: u=0, i",
];
// As few as keep the proxies from waiting in line: what is left is the way through.
const CALM = 4;
const DEFAULT_SIZES = [1024, 102_400, 1_048_576];

const program = {
  name: "bench",
  usage: "npm run bench:router --",
  summary: "The router beside nginx and HAProxy in front of the same upstream.",
  settings: {
    upstream: setting({
      type: values.choice("both", "edge", "files"),
      default: "both",
      help: "edge is one of our edges; files is nginx with files, so fast that only the proxy counts.",
    }),
    sizes: setting({
      type: values.listOf(values.bytes(1, 64 * 1024 * 1024)),
      default: DEFAULT_SIZES,
      help: "Sizes of the answers.",
    }),
    connections: setting({
      type: values.wholeNumber(1, 200),
      default: 32,
      help: "Connections of the load, all kept alive.",
    }),
    rounds: setting({
      type: values.wholeNumber(1, 100),
      default: 3,
      help: "How often each proxy has its turn; the medians count.",
    }),
    seconds: setting({ type: values.wholeNumber(1, 600), default: 4, help: "Length of a turn." }),
  },
} as const satisfies Program<Settings>;

const { upstream, sizes, connections, rounds, seconds } = readSettings(program, {
  argv: process.argv.slice(2),
  env: {},
  readFile: () => "",
});

// The proxy has the first core to itself; the load and the upstream share the second.
const [proxyCore, restCore] =
  cpus().length >= 2 && versionOf("taskset", "-V") !== undefined ? [0, 1] : [undefined, undefined];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Measured {
  readonly name: string;
  readonly perSecond: number[];
  /** Microseconds of processor time for a request. A busy machine changes them less than the rate. */
  readonly processorUs: number[];
  readonly p50Ms: number[];
}

/** All have a turn in each round, so that what else happens on the machine falls on all. */
async function measure(
  behind: RunningUpstream,
  proxies: readonly ReverseProxy[],
  size: number,
): Promise<void> {
  const direct = {
    name: "without a proxy",
    url: `http://127.0.0.1:${behind.httpPort}`,
    processorSeconds: () => Number.NaN,
  };
  const results = [direct, ...proxies].map(({ name, url, processorSeconds }) => ({
    name,
    url: `${url}/${size}`,
    processorSeconds,
    perSecond: [] as number[],
    processorUs: [] as number[],
    p50Ms: [] as number[],
  }));
  const turn = { fields: BROWSER, core: restCore };
  for (const { url } of results) await load(url, { ...turn, connections, seconds: 1 });
  for (let round = 0; round < rounds; round += 1) {
    for (const { url, processorSeconds, perSecond, processorUs, p50Ms } of results) {
      const before = processorSeconds();
      const loaded = await load(url, { ...turn, connections, seconds });
      processorUs.push(((processorSeconds() - before) / loaded.requests) * 1e6);
      perSecond.push(loaded.perSecond);
      p50Ms.push((await load(url, { ...turn, connections: CALM, seconds })).p50Ms);
    }
  }
  tell(`${size} bytes, in front of ${behind.name}`, results);
}

function tell(title: string, results: readonly Measured[]): void {
  const [direct, ours, ...peers] = results;
  if (direct === undefined || ours === undefined) throw new Error("there is nothing to compare");
  const floor = median(direct.p50Ms);
  say(`\n${title}`);
  say(`${"".padEnd(20)}${"requests/s".padStart(12)}${"processor".padStart(12)}${"p50 added".padStart(12)}`);
  for (const { name, perSecond, processorUs, p50Ms } of results) {
    const processor = `${median(processorUs).toFixed(0)} us`;
    const added = `${((median(p50Ms) - floor) * 1000).toFixed(0)} us`;
    say(
      `${name.padEnd(20)}${median(perSecond).toFixed(0).padStart(12)}${processor.padStart(12)}${added.padStart(12)}`,
    );
  }
  for (const peer of peers) {
    const share = median(ours.perSecond) / median(peer.perSecond);
    const added = (median(ours.p50Ms) - floor) / (median(peer.p50Ms) - floor);
    const processor = median(ours.processorUs) / median(peer.processorUs);
    say(
      `router to ${peer.name}: ${share.toFixed(2)} of the requests, ${processor.toFixed(2)} of the processor time, ` +
        `${added.toFixed(2)} of the p50 added`,
    );
  }
}

async function compare(behind: RunningUpstream): Promise<void> {
  const started = [
    await startRouter(behind, proxyCore),
    await startHaproxy(behind, proxyCore),
    await startNginx(behind, proxyCore),
  ];
  const proxies = started.filter((proxy) => proxy !== undefined);
  for (const size of sizes) await measure(behind, proxies, size);
  for (const proxy of proxies) await proxy.stop();
  await behind.stop();
}

if (!hasWrk()) {
  say("wrk is not on PATH (Debian and Ubuntu: apt-get install wrk)");
  process.exit(1);
}
say(`${connections} connections, medians of ${rounds} turns of ${seconds} s; p50 on ${CALM} connections`);
say("goals: 0.95 of HAProxy's requests at 1 KiB, 1.0 from 100 KiB on, at most 1.2 of the p50 that it adds");
if (upstream !== "edge") {
  if (versionOf("nginx", "-v") === undefined) say("files: not measured, because nginx is not on PATH");
  else await compare(await startFiles(sizes, restCore));
}
if (upstream !== "files") await compare(await startEdge(sizes, restCore));
process.exit(0);
