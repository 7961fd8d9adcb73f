import { Failure } from "../../process/failure.ts";
import { Heap } from "../../process/heap.ts";
import type { Log } from "../../process/log.ts";
import { memoryAtHand, memoryFit } from "../../process/memory-fit.ts";
import { MOST_WAITING } from "../store/disk/frame-queue.ts";
import { MOST_READING } from "../store/disk/frame-reads.ts";
import { MOST_LARGE } from "../store/disk/large-bodies.ts";
import { type ProcessMemory, pressureOf, promisedBytes } from "./memory-watch.ts";

interface MemoryPlan {
  readonly memory: number;
  readonly edges: number;
  readonly threads: number;
  /** Whether it has a disk tier (--disk). */
  readonly disk?: boolean;
  /** Bytes that the program around the edges takes already. */
  readonly hostBytes?: number;
}

/** Bytes that a disk tier reads and writes at a time. */
const DISK_BUFFERS = MOST_READING + MOST_WAITING + 2 * MOST_LARGE;

/**
 * The memory of this process, in which so many edges may store `memory` bytes each, with so many serving threads in all.
 * Throws a Failure when they would end it, and warns when they might.
 */
export function processMemory(
  { memory, edges, threads, disk = false, hostBytes = 0 }: MemoryPlan,
  log: Log,
): ProcessMemory {
  const beside = hostBytes + (disk ? DISK_BUFFERS : 0);
  const promised = beside + promisedBytes(memory * edges, threads);
  const fit = memoryFit({ memory, edges, promised }, memoryAtHand());
  if (fit.kind === "refused") throw new Failure("bad-config", "config", fit.text);
  if (fit.kind === "tight") log.warn(fit.text);
  const heap = new Heap();
  const rss = () => process.memoryUsage.rss();
  // Loading the program leaves some 50 MiB of garbage. Beside a small store it would be taken for a shortage.
  if (pressureOf(rss(), promised, "none") !== "none") {
    heap.beFrugal(true);
    heap.collect();
  }
  return { promised, rss, heap };
}

/** The same for an edge whose disk tier tells where each of its responses lies: it may take so much more. */
export function besideDisk(
  memory: ProcessMemory,
  disk: { readonly indexBytes: number } | undefined,
): ProcessMemory {
  if (disk === undefined) return memory;
  return {
    get promised() {
      return memory.promised + disk.indexBytes;
    },
    rss: () => memory.rss(),
    heap: memory.heap,
  };
}
