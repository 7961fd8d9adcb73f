import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { PurgeTarget } from "../proto/gen/edgecache/v1/edge.ts";
import { EdgeProcess } from "../test/rig/edge-process.ts";
import { purge } from "../test/rig/purge.ts";

/** A cache in front of the origin, and the ways to purge /page from it. */
export interface RaceCache {
  readonly name: string;
  /** Of its data port. */
  readonly url: string;
  readonly purges: ReadonlyMap<string, () => Promise<void>>;
  stop(): Promise<void>;
}

const START_PATIENCE_MS = 20_000;

export async function startEdgeCache(origin: URL): Promise<RaceCache> {
  const edge = await EdgeProcess.start({ id: "edge-1", origin });
  const by = (target: NonNullable<PurgeTarget["target"]>) => async () => {
    const { outcome } = await purge(edge.control, target);
    if (outcome !== "applied") throw new Error(`the purge was ${outcome}`);
  };
  return {
    name: "edgeCache",
    url: `http://127.0.0.1:${edge.httpPort}`,
    purges: new Map([
      ["url", by({ $case: "url", url: "/page" })],
      ["prefix", by({ $case: "prefix", prefix: "/pa" })],
      ["tag", by({ $case: "tag", tag: "pages" })],
      ["everything", by({ $case: "everything", everything: true })],
    ]),
    stop: () => edge.kill(),
  };
}

/** Undefined when varnishd is not on PATH. */
export async function startVarnish(origin: URL): Promise<RaceCache | undefined> {
  const version = firstLine("varnishd", ["-V"]);
  if (version === undefined) return undefined;
  // Grace would answer with the old version by design; keep lets it revalidate.
  const vcl = `vcl 4.1;
backend default { .host = "${origin.hostname}"; .port = "${origin.port}"; }
sub vcl_recv {
  if (req.method == "PURGE") { return (purge); }
  if (req.method == "BAN") { ban("req.url == " + req.url); return (synth(200)); }
}
sub vcl_backend_response { set beresp.grace = 0s; set beresp.keep = 1h; }
`;
  return startOther(version.replace(/^varnishd \((\S+).*$/, "$1"), ["PURGE", "BAN"], (folder, port) => {
    writeFileSync(join(folder, "default.vcl"), vcl);
    const listens = [
      "-a",
      `127.0.0.1:${port}`,
      "-f",
      join(folder, "default.vcl"),
      "-n",
      join(folder, "work"),
    ];
    return spawn("varnishd", ["-F", "-j", "none", ...listens, "-s", "malloc,32m"], { stdio: "ignore" });
  });
}

/** Undefined when squid is not on PATH. */
export async function startSquid(origin: URL): Promise<RaceCache | undefined> {
  const version = firstLine("squid", ["-v"]);
  if (version === undefined) return undefined;
  return startOther(
    version.replace(/^Squid Cache: Version (\S+).*$/, "squid-$1"),
    ["PURGE"],
    (folder, port) => {
      const lines = [
        `http_port 127.0.0.1:${port} accel defaultsite=race`,
        `cache_peer ${origin.hostname} parent ${origin.port} 0 no-query no-digest originserver`,
        "acl purging method PURGE",
        "http_access allow all",
        "cache_mem 32 MB",
        `pid_filename ${join(folder, "squid.pid")}`,
        `coredump_dir ${folder}`,
        "cache_log /dev/null",
        "access_log none",
        "shutdown_lifetime 0 seconds",
        "visible_hostname race",
        "pinger_enable off",
      ];
      writeFileSync(join(folder, "squid.conf"), `${lines.join("\n")}\n`);
      return spawn("squid", ["-N", "-f", join(folder, "squid.conf")], { stdio: "ignore" });
    },
  );
}

async function startOther(
  name: string,
  methods: readonly string[],
  launch: (folder: string, port: number) => ChildProcess,
): Promise<RaceCache> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-race-"));
  const port = await freePort();
  const running = launch(folder, port);
  // A run that is cut short must not leave caches behind.
  const killWithUs = () => running.kill("SIGTERM");
  process.once("exit", killWithUs);
  running.once("exit", () => process.removeListener("exit", killWithUs));
  const url = `http://127.0.0.1:${port}`;
  await accepts(port, running, name);
  return {
    name,
    url,
    purges: new Map(methods.map((method) => [method, () => send(url, method)])),
    stop: async () => {
      const gone = once(running, "exit");
      running.kill("SIGTERM");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function send(url: string, method: string): Promise<void> {
  const asked = request(`${url}/page`, { method });
  asked.end();
  const [answer] = await once(asked, "response");
  answer.resume();
  // Squid says 404 when it holds nothing yet, which is the very case of a purge before the fields.
  if (answer.statusCode !== 200 && answer.statusCode !== 404)
    throw new Error(`${method}: ${answer.statusCode}`);
}

function firstLine(program: string, args: readonly string[]): string | undefined {
  try {
    // varnishd says its version on stderr.
    return execFileSync("sh", ["-c", `${[program, ...args].join(" ")} 2>&1`], { encoding: "utf8" }).split(
      "\n",
    )[0];
  } catch {
    return undefined;
  }
}

async function accepts(port: number, running: ChildProcess, name: string): Promise<void> {
  for (const until = performance.now() + START_PATIENCE_MS; performance.now() < until; ) {
    if (running.exitCode !== null) throw new Error(`${name} ended with ${running.exitCode}`);
    const socket = connect(port, "127.0.0.1");
    const opened = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (opened) return;
    await delay(50);
  }
  throw new Error(`${name} does not listen on ${port}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error(`not a TCP address: ${address}`);
  return address.port;
}
