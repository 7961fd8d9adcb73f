/**
 * Counts of clients over all threads that serve a port. Each thread has a table in shared memory. It alone writes there, and
 * it reads those of the others. A thread that has ended counts for nothing once its table is empty.
 *
 * A table has no names. A client stands at three places, which three hashes give, and its count is the least of them. Where
 * others stand at all three too, the count is too high; it is never too low. So no client gets more than its limit, and
 * one of 1,400 meets it too soon when 6,000 others are there. The hashes have a secret seed, so nobody can choose an
 * address that shares the places of another one.
 */
import { randomInt } from "node:crypto";
import { hashOf } from "../../process/text-hash.ts";

const HASHES = 3;
// A power of two: ten times as many as a port has connections.
const PLACES = 2 ** 16;
// Seeds that are close to each other would be as good; the bits of these have nothing in common.
const APART = 0x9e37_79b9;
const ALL = 0;
const WISHES = 1;
const FIRST_PLACE = 2;
const LENGTH = FIRST_PLACE + HASHES * PLACES;

/** By thread. A message can carry it. */
type Tables = readonly Int32Array[];

/** The memory of all threads. A message can carry it. */
export interface ClientTables {
  readonly seed: number;
  readonly connections: Tables;
  readonly requests: Tables;
}

export function clientTables(threads: number): ClientTables {
  const tables = (): Tables =>
    Array.from({ length: threads }, () => new Int32Array(new SharedArrayBuffer(4 * LENGTH)));
  return { seed: randomInt(2 ** 32), connections: tables(), requests: tables() };
}

/** The thread has ended, and its clients with it. */
export function forgetClients({ connections, requests }: ClientTables, thread: number): void {
  connections[thread]?.fill(0);
  requests[thread]?.fill(0);
}

/** What the other threads have, and what they are told of this one. */
export interface OtherThreads {
  /** How many all their clients have together. */
  readonly all: number;
  /** How many the client has there. */
  of(client: string): number;
  /** This thread has one more or one less of the client. */
  note(client: string, change: 1 | -1): void;
  /** Asks them to close something that is not in use. */
  wish(): void;
  /** How many more were asked for there since the last call. */
  wishes(): number;
}

/** One thread serves the port. */
export const NO_OTHERS: OtherThreads = {
  all: 0,
  of: () => 0,
  note: () => undefined,
  wish: () => undefined,
  wishes: () => 0,
};

/** What the server of one thread counts together with the others. */
export interface CountedTogether {
  readonly connections: OtherThreads;
  readonly requests: OtherThreads;
}

export const COUNTED_ALONE: CountedTogether = { connections: NO_OTHERS, requests: NO_OTHERS };

/** `thread`: from 0. */
export function countedTogether(
  { seed, connections, requests }: ClientTables,
  thread: number,
): CountedTogether {
  return {
    connections: new TablesOfOthers(connections, thread, seed),
    requests: new TablesOfOthers(requests, thread, seed),
  };
}

class TablesOfOthers implements OtherThreads {
  readonly #own: Int32Array;
  readonly #others: Tables;
  readonly #seed: number;
  #wishesSeen: number[];

  constructor(tables: Tables, thread: number, seed: number) {
    const own = tables[thread];
    if (own === undefined) throw new Error(`there is no table for thread ${thread}`);
    this.#own = own;
    this.#others = tables.filter((table) => table !== own);
    this.#seed = seed;
    this.#wishesSeen = this.#wishesNow();
  }

  get all(): number {
    return this.#others.reduce((sum, table) => sum + Atomics.load(table, ALL), 0);
  }

  of(client: string): number {
    const places = this.#placesOf(client);
    let sum = 0;
    for (const table of this.#others) sum += Math.min(...places.map((place) => Atomics.load(table, place)));
    return sum;
  }

  note(client: string, change: 1 | -1): void {
    Atomics.add(this.#own, ALL, change);
    for (const place of this.#placesOf(client)) Atomics.add(this.#own, place, change);
  }

  wish(): void {
    Atomics.add(this.#own, WISHES, 1);
  }

  wishes(): number {
    const [before, now] = [this.#wishesSeen, this.#wishesNow()];
    this.#wishesSeen = now;
    // A table that was emptied meanwhile has fewer.
    return now.reduce((sum, count, n) => sum + Math.max(0, count - (before[n] ?? 0)), 0);
  }

  #wishesNow(): number[] {
    return this.#others.map((table) => Atomics.load(table, WISHES));
  }

  #placesOf(client: string): readonly number[] {
    return Array.from(
      { length: HASHES },
      (_, n) => FIRST_PLACE + n * PLACES + (hashOf(client, this.#seed + n * APART) & (PLACES - 1)),
    );
  }
}
