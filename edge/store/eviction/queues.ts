import { Rows } from "../rows.ts";

const OLDER = 0;
const NEWER = 1;
const QUEUE = 2;
const BYTES = 3;
// A word of the table has a sign.
const MOST_BYTES = 2 ** 31 - 1;

/** Queues of entries, each entry in one of them at most. Queues are numbered from 1. */
export class Queues {
  readonly #rows = new Rows(4);
  readonly #oldest: number[] = [];
  readonly #newest: number[] = [];
  readonly #bytes: number[] = [];
  #entries = 0;

  constructor(queues: number) {
    for (let queue = 0; queue <= queues; queue += 1) {
      this.#oldest.push(0);
      this.#newest.push(0);
      this.#bytes.push(0);
    }
  }

  get entries(): number {
    return this.#entries;
  }

  /** 0: in none. */
  queueOf(entry: number): number {
    return this.#rows.get(entry, QUEUE);
  }

  /** 0: it is empty. */
  oldest(queue: number): number {
    return this.#oldest[queue] ?? 0;
  }

  /** The next newer one of the same queue; 0: it is the newest. */
  newer(entry: number): number {
    return this.#rows.get(entry, NEWER);
  }

  bytesOf(queue: number): number {
    return this.#bytes[queue] ?? 0;
  }

  /** Puts an entry that is in none at the newest end. */
  add(entry: number, queue: number, bytes: number): void {
    const rows = this.#rows;
    rows.reach(entry);
    rows.set(entry, BYTES, Math.min(bytes, MOST_BYTES));
    rows.set(entry, QUEUE, queue);
    this.#append(entry, queue);
    this.#entries += 1;
  }

  /** Puts it at the newest end of a queue, which may be its own. */
  move(entry: number, queue: number): void {
    this.#unlink(entry);
    this.#rows.set(entry, QUEUE, queue);
    this.#append(entry, queue);
  }

  remove(entry: number): void {
    this.#unlink(entry);
    this.#rows.set(entry, QUEUE, 0);
    this.#entries -= 1;
  }

  #append(entry: number, queue: number): void {
    const rows = this.#rows;
    const newest = this.#newest[queue] ?? 0;
    rows.set(entry, OLDER, newest);
    rows.set(entry, NEWER, 0);
    if (newest === 0) this.#oldest[queue] = entry;
    else rows.set(newest, NEWER, entry);
    this.#newest[queue] = entry;
    this.#bytes[queue] = this.bytesOf(queue) + rows.get(entry, BYTES);
  }

  #unlink(entry: number): void {
    const rows = this.#rows;
    const [older, newer] = [rows.get(entry, OLDER), rows.get(entry, NEWER)];
    const queue = rows.get(entry, QUEUE);
    if (older === 0) this.#oldest[queue] = newer;
    else rows.set(older, NEWER, newer);
    if (newer === 0) this.#newest[queue] = older;
    else rows.set(newer, OLDER, older);
    this.#bytes[queue] = this.bytesOf(queue) - rows.get(entry, BYTES);
  }
}
