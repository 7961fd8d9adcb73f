import { type Contender, diskPeers, edgeWithDisk } from "../caches/contenders.ts";
import { load } from "../wrk.ts";
import { randomScript, type StoredSet, store } from "./stored-set.ts";

export interface HitFigures {
  readonly cache: string;
  readonly bytes: number;
  readonly perSecond: number;
  readonly processorUs: number;
  readonly p99Ms: number;
}

// Most is on disk only: a tenth of what is stored fits.
const SETS: readonly (StoredSet & { readonly memoryMib: number; readonly connections: number })[] = [
  { bytes: 4_096, count: 10_000, memoryMib: 4, connections: 32 },
  { bytes: 102_400, count: 1_000, memoryMib: 10, connections: 32 },
  { bytes: 10_485_760, count: 30, memoryMib: 48, connections: 8 },
];

/** Random requests for what is stored, by one core for each cache and one for the client. */
export async function measureHits(originPort: number, seconds: number): Promise<readonly HitFigures[]> {
  const figures: HitFigures[] = [];
  for (const set of SETS) {
    const script = randomScript(set);
    for (const contender of [edgeWithDisk(set.memoryMib), ...diskPeers(set.memoryMib)]) {
      const found = await measure(contender, set, script.path, originPort, seconds);
      if (found !== undefined) figures.push(found);
    }
    script.remove();
  }
  return figures;
}

async function measure(
  contender: Contender,
  set: StoredSet & { readonly connections: number },
  script: string,
  originPort: number,
  seconds: number,
): Promise<HitFigures | undefined> {
  const cache = await contender.start({ originPort, cores: "0", threads: 1, redis: undefined });
  if (cache === undefined) return undefined;
  try {
    await store(cache.port, set);
    const url = `http://127.0.0.1:${cache.port}/`;
    const options = { connections: set.connections, seconds, script, core: 1 };
    await load(url, { ...options, seconds: 1 });
    const before = cache.processorSeconds();
    const { requests, perSecond, p99Ms } = await load(url, options);
    const processorUs = ((cache.processorSeconds() - before) / requests) * 1e6;
    return { cache: cache.name, bytes: set.bytes, perSecond, processorUs, p99Ms };
  } finally {
    await cache.stop();
  }
}
