import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { load } from "../wrk.ts";
import type { CacheServer } from "./cache-server.ts";
import { type Answered, readH2load, readHandshakes, readPaced } from "./client-reports.ts";
import { compiled } from "./compiled.ts";
import { configurationFile } from "./configuration.ts";
import type { Client, Workload } from "./workloads.ts";
import { BROWSER } from "./wrk-scripts.ts";

/** Makes requests for so many seconds. */
export type Turn = (seconds: number) => Promise<Answered>;

// All clients ask for it, so that no two caches are measured with different ones.
const CIPHER = "TLS_AES_128_GCM_SHA256";
const TLS_ENVIRONMENT = { OPENSSL_CONF: configurationFile("clients", "openssl.cnf") };
// openssl s_time makes one handshake at a time, and waits for the other side in between.
const HANDSHAKES_AT_ONCE = 4;

const run = promisify(execFile);

/** The client of a workload, ready to ask this server, on one core. */
export function turnOf(workload: Workload, server: CacheServer, core: number | undefined): Turn {
  const { client, tls } = workload;
  const port = tls ? server.tlsPort : server.port;
  if (port === undefined) throw new Error(`${server.name} has no TLS`);
  const base = `${tls ? "https" : "http"}://127.0.0.1:${port}`;
  const pinned = core === undefined ? [] : ["taskset", "-c", String(core)];
  switch (client.kind) {
    case "wrk":
      return (seconds) => wrk(base, client, seconds, core);
    case "h2load":
      return async (seconds) => readH2load(await said([...pinned, ...h2load(base, client, seconds)]));
    case "paced":
      return paced(port, client, pinned);
    case "handshakes":
      return (seconds) => handshakes(port, client.resumed, seconds, pinned);
  }
}

async function said([program = "", ...args]: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

async function wrk(
  url: string,
  { script, connections }: Extract<Client, { kind: "wrk" }>,
  seconds: number,
  core: number | undefined,
): Promise<Answered> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const file = join(folder, "load.lua");
  writeFileSync(file, script);
  try {
    return await load(url, { connections, seconds, script: file, core, env: TLS_ENVIRONMENT });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function h2load(
  base: string,
  { protocol, path, fields, connections, streams }: Extract<Client, { kind: "h2load" }>,
  seconds: number,
): readonly string[] {
  const all = [...Object.entries(BROWSER).map(([name, value]) => `${name}: ${value}`), ...fields];
  return [
    ...["h2load", "-t1", `-c${connections}`, `-m${streams}`, `-D${seconds}`, `--tls13-ciphers=${CIPHER}`],
    ...(protocol === "http/1.1" ? ["--h1"] : []),
    ...all.flatMap((field) => ["-H", field]),
    base + path,
  ];
}

/** The first turn finds the peak; in the others a share of it is asked for. */
function paced(
  port: number,
  { path, connections, share }: Extract<Client, { kind: "paced" }>,
  pinned: readonly string[],
): Turn {
  const program = compiled("paced.c");
  if (program === undefined) throw new Error("there is no C compiler on PATH");
  let rate = 0;
  return async (seconds) => {
    const asked = [port, path, connections, seconds, rate].map(String);
    const answered = readPaced(await said([...pinned, program, ...asked]));
    if (rate === 0) rate = answered.perSecond * share;
    return answered;
  };
}

async function handshakes(
  port: number,
  resumed: boolean,
  seconds: number,
  pinned: readonly string[],
): Promise<Answered> {
  const command = [
    ...[...pinned, "openssl", "s_time", "-connect", `127.0.0.1:${port}`, resumed ? "-reuse" : "-new"],
    ...["-time", String(seconds), "-www", "/1024/a", "-tls1_3", "-ciphersuites", CIPHER],
  ];
  const startedAt = performance.now();
  const all = await Promise.all(Array.from({ length: HANDSHAKES_AT_ONCE }, () => said(command)));
  const took = (performance.now() - startedAt) / 1_000;
  const requests = all.map(readHandshakes).reduce((sum, count) => sum + count, 0);
  return { requests, perSecond: requests / took, p99Ms: Number.NaN };
}
