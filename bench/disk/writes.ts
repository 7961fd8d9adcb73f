import { type Contender, edgeWithDisk, edgeWithoutDisk } from "../caches/contenders.ts";
import { load } from "../wrk.ts";
import { newScript } from "./stored-set.ts";

export interface WriteFigures {
  /** What the edge has, and what is asked for beside the hits. */
  readonly what: string;
  readonly hitsPerSecond: number;
  readonly p99Ms: number;
  /** Of new responses, a second. */
  readonly newPerSecond: number;
}

const MEMORY_MIB = 64;
const NEW_BYTES = 16_384;
const CONNECTIONS = 16;

/** Hits from memory: alone, beside new responses, and beside new responses that all go to disk. */
export async function measureWrites(originPort: number, seconds: number): Promise<readonly WriteFigures[]> {
  const [disk, without] = [edgeWithDisk(MEMORY_MIB), edgeWithoutDisk(MEMORY_MIB)];
  return [
    await measure("no disk, hits alone", without, false, originPort, seconds),
    await measure("no disk, beside new responses", without, true, originPort, seconds),
    await measure("a disk, hits alone", disk, false, originPort, seconds),
    await measure("a disk, beside new responses", disk, true, originPort, seconds),
  ];
}

async function measure(
  what: string,
  contender: Contender,
  isBeside: boolean,
  originPort: number,
  seconds: number,
): Promise<WriteFigures> {
  const cache = await contender.start({ originPort, cores: "0", threads: 1, redis: undefined });
  if (cache === undefined) throw new Error("an edge can always be started");
  const script = newScript(NEW_BYTES);
  try {
    const url = `http://127.0.0.1:${cache.port}`;
    await load(`${url}/1024/hot`, { connections: CONNECTIONS, seconds: 1, core: 1 });
    const [hits, news] = await Promise.all([
      load(`${url}/1024/hot`, { connections: CONNECTIONS, seconds, core: 1 }),
      isBeside ? load(`${url}/`, { connections: 1, seconds, script: script.path, core: 1 }) : undefined,
    ]);
    const newPerSecond = (news?.perSecond ?? 0) / 2;
    return { what, hitsPerSecond: hits.perSecond, p99Ms: hits.p99Ms, newPerSecond };
  } finally {
    script.remove();
    await cache.stop();
  }
}
