import { hashOf } from "../../../process/text-hash.ts";
import { pathOf } from "../../store/purge-match.ts";
import type { SharedWords, Ticket } from "./shared-words.ts";

// Paths are told apart by so many marks. Two paths with one mark cost a question to the control thread, no more.
const PATH_MARKS = 2 ** 16;

/** The keys whose responses serving threads hold. Owned by the control thread. */
export class GivenKeys {
  readonly #words: SharedWords;
  readonly #slots = new Map<string, number>();
  readonly #keys = new Map<number, string>();
  readonly #free: number[] = [];
  #used = 0;
  /** By the hash of a path: a response with No-Vary-Search has been stored for it, and may stand for other targets. */
  readonly marks = new Uint8Array(new SharedArrayBuffer(PATH_MARKS));

  constructor(words: SharedWords) {
    this.#words = words;
  }

  /** For a thread that gets a copy of what is stored under the key now. undefined: it has to ask each time. */
  give(key: string, target: string): Ticket | undefined {
    if (mayHaveStandIn(this.marks, target)) return undefined;
    const slot = this.#slots.get(key) ?? this.#take();
    this.#slots.set(key, slot);
    this.#keys.set(slot, key);
    return this.#words.ticket(slot);
  }

  /** The key of a slot that a thread has used; undefined when no copy of it is current. */
  keyOf(slot: number): string | undefined {
    return this.#keys.get(slot);
  }

  /** What is stored under the key has changed, or may not be used as before. */
  changed(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#words.drop(slot);
    this.#slots.delete(key);
    this.#keys.delete(slot);
    this.#free.push(slot);
  }

  /** A response with No-Vary-Search is stored for the target. */
  standsForOthers(target: string): void {
    const mark = markOf(target);
    if (this.marks[mark] === 1) return;
    this.marks[mark] = 1;
    this.dropAll();
  }

  /** No copy is current any more. */
  dropAll(): void {
    this.#words.dropAll();
    this.#slots.clear();
    this.#keys.clear();
    this.#free.length = 0;
    this.#used = 0;
  }

  #take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#used === this.#words.mostKeys) this.dropAll();
    this.#used += 1;
    return this.#used - 1;
  }
}

/** Whether a response may be stored that stands for the target, and for others. `marks`: of GivenKeys. */
export function mayHaveStandIn(marks: Uint8Array, target: string): boolean {
  return marks[markOf(target)] === 1;
}

function markOf(target: string): number {
  return hashOf(pathOf(target), 0) & (PATH_MARKS - 1);
}
