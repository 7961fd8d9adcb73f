import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

const MIB = 2 ** 20;

/** The memory available to a process, in bytes. */
export interface MemoryAtHand {
  /** Of the engine's heap. */
  readonly heapLimit: number;
  /** Of the container, or of the machine where there is none. */
  readonly resident: number;
}

export function memoryAtHand(): MemoryAtHand {
  // 0 or a huge number where nothing constrains it.
  const constrained = process.constrainedMemory();
  const machine = totalmem();
  const resident = constrained > 0 ? Math.min(constrained, machine) : machine;
  return { heapLimit: getHeapStatistics().heap_size_limit, resident };
}

/** The resident memory of a process that stores `memory` bytes. */
export interface MemoryNeed {
  /** As given: --memory of each edge. */
  readonly memory: number;
  /** In this process. */
  readonly edges: number;
  /** The most resident memory that it promises to take. */
  readonly promised: number;
}

export type MemoryFit =
  | { readonly kind: "fits" }
  /** It goes well until the memory is full. `text` says what to change. */
  | { readonly kind: "tight" | "refused"; readonly text: string };

// Stored responses lie outside of the heap. On it are the objects of those that are asked for most, an eighth, and where
// every response stands for others (No-Vary-Search), two fifths more to find them.
const HEAP_FACTOR = 0.5;
const HEAP_OF_PROGRAM = 48 * MIB;
// The engine's limit counts the space of young objects too, at its largest.
const YOUNG = 96 * MIB;
// The memory of a program with an empty store, and of what is on its way.
const PROGRAM = 224 * MIB;

/** Whether the process has enough memory for its settings, with one sentence on what to change. */
export function memoryFit(
  { memory, edges, promised }: MemoryNeed,
  { heapLimit, resident }: MemoryAtHand,
): MemoryFit {
  const old = HEAP_FACTOR * memory * edges + HEAP_OF_PROGRAM;
  const got = `got ${mib(memory)}${edges === 1 ? "" : ` for each of ${edges} edges`}`;
  if (old + YOUNG > heapLimit) {
    const most = (heapLimit - YOUNG - HEAP_OF_PROGRAM) / HEAP_FACTOR / edges;
    const text = `--memory: must be at most ${mib(Math.max(0, most))} with a heap of ${mib(heapLimit)}, or node be given --max-old-space-size=${Math.ceil(old / MIB)}; ${got}`;
    return { kind: "refused", text };
  }
  if (promised <= resident) return { kind: "fits" };
  const most = (memory * (resident - PROGRAM)) / (promised - PROGRAM);
  const text = `--memory: should be at most ${mib(Math.max(0, most))} in ${mib(resident)} of memory, or the container be given ${mib(promised)}; ${got}`;
  return { kind: memory * edges + PROGRAM > resident ? "refused" : "tight", text };
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / MIB)}MiB`;
}
