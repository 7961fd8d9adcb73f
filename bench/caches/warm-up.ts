import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CacheServer } from "./cache-server.ts";
import { readH2load } from "./client-reports.ts";
import type { Workload } from "./workloads.ts";

const run = promisify(execFile);

/** Brings all paths of a workload into a cache, one after the other. Throws when an answer is no success. */
export async function warmUp({ port }: CacheServer, { warm }: Workload): Promise<void> {
  if (warm.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const list = join(folder, "urls");
  writeFileSync(list, warm.map((path) => `http://127.0.0.1:${port}${path}\n`).join(""));
  try {
    const { stdout } = await run("h2load", ["--h1", "-t1", "-c1", `-n${warm.length}`, "-i", list]);
    readH2load(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Why a cache cannot take part in a workload; undefined: it can. */
export async function unableTo(
  { probe, tls, purgesASecond, warm }: Workload,
  { port, tlsPort, purge }: CacheServer,
): Promise<string | undefined> {
  if (tls && tlsPort === undefined) return "has no TLS";
  if (purgesASecond > 0 && purge === undefined) return "has no purge";
  const asked = get({ port, host: "127.0.0.1", path: warm[0] ?? "/1024/probe", headers: probe.fields });
  const [answer] = await once(asked, "response");
  answer.resume();
  return answer.statusCode === probe.status ? undefined : `answers ${answer.statusCode}`;
}
