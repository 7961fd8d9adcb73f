import type { Clock } from "../../process/clock.ts";
import type { Heap } from "../../process/heap.ts";

const MIB = 2 ** 20;

// The memory of a program with an empty store: the engine, the code, the stacks of its threads. And objects on their way
// to the store or to the collector, which come as fast with a large store as with a small one.
const PROGRAM = 224 * MIB;

// Between the records of the store there may be an eighth that is free (edge/store/slab.ts).
const FACTOR = 1.15;

// A serving thread has an engine of its own: 35 MiB when nothing happens, and young objects.
const THREAD = 64 * MIB;

/** The most resident memory that an edge takes which may store `memory` bytes, with so many serving threads. */
export function promisedBytes(memory: number, threads = 0): number {
  return FACTOR * memory + PROGRAM + THREAD * threads;
}

/** How close the resident memory of the process is to its limit. */
export type Pressure =
  | "none"
  /** Garbage is collected early, which costs speed. */
  | "frugal"
  /** The store evicts the least recently used responses. */
  | "evicting"
  /** Requests that need the origin are refused. */
  | "refusing";

// So much below the promise each of them begins. Bodies arrive at some 500 MiB a second, and the collector lags behind.
const FRUGAL = 116 * MIB;
const EVICTING = 76 * MIB;
const REFUSING = 48 * MIB;
// Hysteresis: a state ends this much below the threshold at which it begins, so that it does not flap.
const CALMER = 8 * MIB;

/** `given`: so much nearer to the promise requests are refused. */
export function pressureOf(rss: number, promised: number, before: Pressure, given = 0): Pressure {
  const left = promised - rss;
  const within = (line: number, held: readonly Pressure[]): boolean =>
    left <= (held.includes(before) ? line + CALMER : line);
  if (within(REFUSING - given, ["refusing"])) return "refusing";
  if (within(EVICTING, ["refusing", "evicting"])) return "evicting";
  return within(FRUGAL, ["refusing", "evicting", "frugal"]) ? "frugal" : "none";
}

// Enough that a small heap is not collected all the time, and little beside the rest of the promise.
const GARBAGE_SHARE = 1 / 10;

// How often it looks: much can come in a second.
const LOOK_MS = 50;
// While requests are refused little is made, so the collector does not come by itself: what was evicted stays, and with it
// the shortness. It is called at the first look, and then once a second.
const LOOKS_A_COLLECTION = 20;
// The system's allocator keeps pieces of memory that it cannot give back, and uses them again. They count as resident, so
// the edge would refuse for ever. When the store is as small as it gets, and a second after a collection requests are
// still refused, so much of what is left of the promise is given to them.
const GIVEN = 16 * MIB;
// On a busy machine more comes between two looks, so a request is refused by a measurement no older than so many bytes.
// To measure takes some 20 microseconds, and to fetch 4 MiB takes milliseconds.
const MEASURED_BYTES = 4 * MIB;
// The engine does not count the memory of stored bodies, which threads may share: of what was evicted nothing comes free
// before a full collection. So there is one each time that so many bytes have come while memory is short.
const COLLECTED_BYTES = 64 * MIB;
// A step is done at once, so it must be short, and the collector must be given time to follow.
const SHRINKING = 0.02;
const LONGEST_STEP = 4 * MIB;
const GROWING = 0.003;
// Below this share of --memory it is not the store that takes the memory.
const LEAST_SHARE = 0.125;

/** The limit of the store at the next look. */
export function nextLimit(limit: number, memory: number, pressure: Pressure): number {
  switch (pressure) {
    case "none":
      return Math.min(memory, limit + memory * GROWING);
    case "frugal":
      return limit;
    case "evicting":
    case "refusing":
      return Math.max(memory * LEAST_SHARE, limit - Math.min(LONGEST_STEP, memory * SHRINKING));
  }
}

/** The memory of the process that an edge runs in. */
export interface ProcessMemory {
  /** The most that it may take, in bytes. */
  readonly promised: number;
  /** Resident bytes now. */
  rss(): number;
  readonly heap: Pick<Heap, "allowGarbage" | "beFrugal" | "collect">;
}

/** Clients whose answers hold memory. The slowest are cut until so many bytes are free. */
export type LeaveBehind = (excess: { readonly bytes: number; readonly patienceMs: number }) => void;

// When memory is short a client may rest for a second, as one does on a busy link; at the end of it for a moment.
const RESTING_MS = 1_000;
const BLINKING_MS = 50;
// The bytes that one check frees: about as much as may have arrived since the last one.
const FREED = 16 * MIB;
const FREED_AT_ONCE = 64 * MIB;

/** A store that evicts down to a limit in bytes. */
export interface Limited {
  limit: number;
}

/** Looks at what the process really takes, and makes the store smaller while that is more than promised. */
export class MemoryWatch {
  readonly #process: ProcessMemory;
  readonly #memory: number;
  readonly #store: Limited;
  readonly #leaveBehind: LeaveBehind;
  #pressure: Pressure = "none";
  #measuredAt = 0;
  #collectedAt = 0;
  /** Bytes by which the store was made smaller since the last collection for their sake. */
  #evicted = 0;
  /** As long as no more is resident, to evict has proved useless. */
  #uselessUpTo = 0;
  /** Looks since that collection. */
  #waited = LOOKS_A_COLLECTION;
  /** Looks since requests are refused. */
  #refusingFor = 0;
  #given = 0;

  constructor(process: ProcessMemory, memory: number, store: Limited, leaveBehind: LeaveBehind) {
    this.#process = process;
    this.#memory = memory;
    this.#store = store;
    this.#leaveBehind = leaveBehind;
  }

  get pressure(): Pressure {
    return this.#pressure;
  }

  /** Whether a request that needs the origin is refused. `fetched`: all bytes that ever came from origins. */
  refuses(fetched: number): boolean {
    if (fetched - this.#measuredAt >= MEASURED_BYTES) {
      this.#measuredAt = fetched;
      this.#measure();
      if (this.#pressure !== "none" && fetched - this.#collectedAt >= COLLECTED_BYTES) {
        this.#collectedAt = fetched;
        this.#process.heap.collect();
        this.#measure();
      }
    }
    return this.#pressure === "refusing";
  }

  #measure(): void {
    this.#pressure = pressureOf(this.#process.rss(), this.#process.promised, this.#pressure, this.#given);
  }

  look(): void {
    const { promised, heap } = this.#process;
    this.#measure();
    // First: the engine keeps the pages that a collection empties while it may be generous.
    heap.beFrugal(this.#pressure !== "none");
    this.#noteRefusing();
    heap.allowGarbage(this.#pressure === "none" ? promised * GARBAGE_SHARE : 0);
    this.#resize();
    if (this.#pressure === "evicting") this.#leaveBehind({ bytes: FREED, patienceMs: RESTING_MS });
    if (this.#pressure === "refusing") this.#leaveBehind({ bytes: FREED_AT_ONCE, patienceMs: BLINKING_MS });
  }

  #resize(): void {
    const { limit } = this.#store;
    this.#waited += 1;
    if (this.#pressure === "none") this.#uselessUpTo = 0;
    if (this.#pressure === "evicting" && this.#hasEvictedEnough()) return;
    const next = nextLimit(limit, this.#memory, this.#pressure);
    this.#evicted = next < limit ? this.#evicted + limit - next : 0;
    if (next !== limit) this.#store.limit = next;
  }

  /**
   * Of what is evicted, little comes free before a full collection. So the store gets smaller by as much as is to come
   * free, and waits for a collection then: else it would be an eighth of itself before anything of that showed. Where even
   * that brings nothing back, because the allocator keeps the memory, to evict more would be of no use.
   */
  #hasEvictedEnough(): boolean {
    const { promised, heap } = this.#process;
    const rss = this.#process.rss();
    if (rss <= this.#uselessUpTo) return true;
    if (this.#evicted <= rss - (promised - EVICTING - CALMER)) return false;
    if (this.#waited < LOOKS_A_COLLECTION) return true;
    heap.collect();
    const left = this.#process.rss();
    if (rss - left < this.#evicted / 2) this.#uselessUpTo = left + CALMER;
    this.#waited = 0;
    this.#evicted = 0;
    return true;
  }

  #noteRefusing(): void {
    if (this.#pressure === "none") this.#given = 0;
    if (this.#pressure !== "refusing") {
      this.#refusingFor = 0;
      return;
    }
    if (this.#refusingFor % LOOKS_A_COLLECTION === 0) {
      const isLeast = this.#store.limit <= this.#memory * LEAST_SHARE;
      if (isLeast && this.#refusingFor > 0) this.#given = Math.min(REFUSING, this.#given + GIVEN);
      this.#process.heap.collect();
    }
    this.#refusingFor += 1;
  }

  /** Never rejects. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.look();
      await clock.wait(LOOK_MS, signal).catch(() => undefined);
    }
  }
}
