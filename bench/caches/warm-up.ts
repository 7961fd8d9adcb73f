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

// So many ask together, each for its part: a cache that waits for its origin is asked on.
const CLIENTS = 8;

/** Brings all paths of a workload into a cache. Throws when an answer is no success. */
export async function warmUp({ port }: CacheServer, { warm }: Workload): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  try {
    const each = Math.ceil(warm.length / CLIENTS);
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, n) => {
        const paths = warm.slice(n * each, (n + 1) * each);
        if (paths.length === 0) return;
        const list = join(folder, String(n));
        writeFileSync(list, paths.map((path) => `http://127.0.0.1:${port}${path}\n`).join(""));
        const { stdout } = await run("h2load", ["--h1", "-t1", "-c1", `-n${paths.length}`, "-i", list]);
        readH2load(stdout);
      }),
    );
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
