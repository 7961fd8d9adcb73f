import { Failure } from "../../process/failure.ts";
import { Heap } from "../../process/heap.ts";
import type { Log } from "../../process/log.ts";
import { memoryAtHand, memoryFit } from "../../process/memory-fit.ts";
import { type ProcessMemory, promisedBytes } from "./memory-watch.ts";

interface MemoryPlan {
  readonly memory: number;
  readonly edges: number;
  readonly threads: number;
  /** Bytes that the program around the edges takes already. */
  readonly hostBytes?: number;
}

/**
 * The memory of this process, in which so many edges may store `memory` bytes each, with so many serving threads in all.
 * Throws a Failure when they would end it, and warns when they might.
 */
export function processMemory(
  { memory, edges, threads, hostBytes = 0 }: MemoryPlan,
  log: Log,
): ProcessMemory {
  const promised = hostBytes + promisedBytes(memory * edges, threads);
  const fit = memoryFit({ memory, edges, promised }, memoryAtHand());
  if (fit.kind === "refused") throw new Failure("bad-config", "config", fit.text);
  if (fit.kind === "tight") log.warn(fit.text);
  return { promised, rss: () => process.memoryUsage.rss(), heap: new Heap() };
}
