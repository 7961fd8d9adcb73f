import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CONNECTIONS = 16;

/** So many URLs of so many bytes. */
export interface StoredSet {
  readonly bytes: number;
  readonly count: number;
}

function pathOf({ bytes }: StoredSet, at: number): string {
  return `/${bytes}/d${at}`;
}

/** Asks for each of them, and again: what is asked for once is not worth a write. */
export async function store(port: number, set: StoredSet): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let next = 0;
  /** Once more where the connection was just being closed. */
  const ask = async (path: string, isLast = false): Promise<void> => {
    try {
      await askOnce(path);
    } catch (thrown) {
      if (isLast) throw thrown;
      await ask(path, true);
    }
  };
  const askOnce = async (path: string): Promise<void> => {
    const asked = request({ host: "127.0.0.1", port, path, agent }).end();
    const [answer] = await once(asked, "response");
    answer.resume();
    await once(answer, "end");
  };
  const take = async (): Promise<void> => {
    while (next < set.count) {
      const path = pathOf(set, next);
      next += 1;
      await ask(path);
      await ask(path);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, take));
  agent.destroy();
}

/** A script of wrk that asks for them at random, and what removes its file. */
export function randomScript({ bytes, count }: StoredSet): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const path = join(folder, "random.lua");
  const made = `wrk.format("GET", "/${bytes}/d" .. math.random(0, ${count - 1}))`;
  writeFileSync(path, `function request() return ${made} end\n`);
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

/** A script of wrk that asks twice, one time after the other, for what nobody has asked for. */
export function newScript(bytes: number): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const path = join(folder, "new.lua");
  const made = `wrk.format("GET", "/${bytes}/n" .. math.floor(n / 2))`;
  writeFileSync(path, `local n = os.time() * 1000000\nfunction request() n = n + 1; return ${made} end\n`);
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}
