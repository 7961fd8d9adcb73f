import { chargeOf } from "./charge.ts";
import {
  ADDRESS,
  FIRST,
  FIRST_PLACE,
  HASH,
  KEY_WORDS,
  LAST_USE,
  NEXT_KEY,
  NEXT_VARIANT,
  OF_KEY,
  PERIOD,
  RESPONSE_WORDS,
  STAMP,
  USES,
  VERSION,
} from "./directory-layout.ts";
import { EquivalentsIndex, type StandIn } from "./equivalents-index.ts";
import { HashChains } from "./hash-chains.ts";
import { PurgeIndex } from "./purge-index.ts";
import type { Purgeable } from "./purge-match.ts";
import { Records, recordTexts } from "./record.ts";
import { hasOwnBody, keyIn, setSoftPurged, sizesIn, softPurgedIn } from "./record-layout.ts";
import { type OnPiece, Rows } from "./rows.ts";
import { ALL_COVERED, GENERATION, type SharedPart, type Sharing } from "./sharing.ts";
import { offsetOf } from "./slab.ts";
import type { StoredResponse } from "./stored-response.ts";
import { usesAfter } from "./use-count.ts";

export interface DirectoryOptions {
  /** Of the hashes of what clients choose. Random where clients are not those of a test. Default: 0. */
  readonly seed?: number | undefined;
  /** Overwrites memory when it is freed, for tests: whoever still reads it is found out. */
  readonly poisons?: boolean | undefined;
  readonly sharing?: Sharing | undefined;
}

interface RowStandIn extends StandIn {
  readonly row: number;
}

/**
 * Everything that a store holds, in tables: keys, the responses of each, and where their records lie. A key and a
 * response are known by the number of their row. 0 is none.
 */
export class Directory {
  readonly #keys: Rows;
  readonly #chains: HashChains;
  readonly #responses: Rows;
  readonly #records: Records;
  readonly #index: PurgeIndex;
  readonly #equivalents = new EquivalentsIndex<RowStandIn>();
  readonly #standIns = new Map<number, RowStandIn>();
  /** By response, the bodies that do not stand in their records. */
  readonly #bodies = new Map<number, readonly Uint8Array[]>();
  readonly #sharing: Sharing | undefined;
  #objects = 0;
  #bytes = 0;

  constructor({ seed = 0, poisons, sharing }: DirectoryOptions) {
    this.#sharing = sharing;
    this.#index = new PurgeIndex(seed);
    const to = (part: SharedPart): OnPiece | undefined => sharing && announcer(part, sharing);
    this.#keys = new Rows(KEY_WORDS, to("keys"));
    this.#chains = new HashChains(this.#keys, { hash: HASH, next: NEXT_KEY }, seed, to("heads"));
    this.#responses = new Rows(RESPONSE_WORDS, to("responses"));
    const moved = (row: number, address: number): void => this.#responses.set(row, ADDRESS, address);
    this.#records = new Records(
      { moved, poisons, onPiece: to("records") },
      { poisons, onPiece: to("texts"), seed },
    );
  }

  get objects(): number {
    return this.#objects;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(key: string): number {
    const hash = this.#chains.hashOf(key);
    let row = this.#chains.first(hash);
    while (row !== 0) {
      if (this.#keys.get(row, HASH) === hash && this.keyOf(this.#keys.get(row, FIRST)) === key) return row;
      row = this.#keys.get(row, NEXT_KEY);
    }
    return 0;
  }

  hashOf(keyRow: number): number {
    return this.#keys.get(keyRow, HASH);
  }

  /** In the order in which they were put. */
  responsesOf(keyRow: number): readonly number[] {
    const rows: number[] = [];
    if (keyRow === 0) return rows;
    for (let row = this.#keys.get(keyRow, FIRST); row !== 0; row = this.#responses.get(row, NEXT_VARIANT))
      rows.push(row);
    return rows;
  }

  use(keyRow: number, period: number): void {
    this.setUses(keyRow, this.usesOf(keyRow, period) + 1, period);
  }

  usesOf(keyRow: number, period: number): number {
    return usesAfter(this.#keys.get(keyRow, USES), period - this.#keys.get(keyRow, PERIOD));
  }

  setUses(keyRow: number, uses: number, period: number): void {
    this.#keys.set(keyRow, USES, uses);
    this.#keys.set(keyRow, PERIOD, period);
  }

  /** Whether its key has other variants. */
  hasOthers(row: number): boolean {
    const first = this.#keys.get(this.keyRowOf(row), FIRST);
    return first !== row || this.#responses.get(row, NEXT_VARIANT) !== 0;
  }

  /** Whether the response is still the one that had this version. */
  holds(row: number, version: number): boolean {
    return this.#responses.get(row, VERSION) === version && this.isHeld(row);
  }

  isHeld(row: number): boolean {
    return this.#responses.get(row, ADDRESS) !== 0;
  }

  versionOf(row: number): number {
    return this.#responses.get(row, VERSION);
  }

  lastUseOf(row: number): number {
    return this.#responses.get(row, LAST_USE);
  }

  noteUse(row: number, use: number): void {
    this.#responses.set(row, LAST_USE, use);
  }

  keyRowOf(row: number): number {
    return this.#responses.get(row, OF_KEY);
  }

  keyOf(row: number): string {
    const address = this.#addressOf(row);
    return keyIn(this.#records.extentOf(address), offsetOf(address));
  }

  /** A copy: it has nothing of the directory's memory. */
  read(row: number): StoredResponse {
    const address = this.#addressOf(row);
    return this.#records.reader.read(
      this.#records.extentOf(address),
      offsetOf(address),
      this.#bodies.get(row),
    );
  }

  purgeable(row: number): Purgeable {
    const address = this.#addressOf(row);
    return this.#records.reader.purgeable(this.#records.extentOf(address), offsetOf(address));
  }

  softPurgedAt(row: number): number | undefined {
    const address = this.#addressOf(row);
    return softPurgedIn(this.#records.extentOf(address), offsetOf(address));
  }

  markSoftPurged(row: number, since: number): void {
    const address = this.#addressOf(row);
    setSoftPurged(this.#records.extentOf(address), offsetOf(address), since);
    this.#responses.add(row, STAMP, -1 - this.#responses.get(row, STAMP));
  }

  chargeOf(row: number): number {
    const address = this.#addressOf(row);
    const sizes = sizesIn(this.#records.extentOf(address), offsetOf(address));
    return chargeOf(sizes, this.#bodies.get(row)?.length ?? 0);
  }

  /** Returns the row of the response. */
  add(stored: StoredResponse, texts = recordTexts(stored)): number {
    const row = this.#responses.take();
    const keyRow = this.#keyRowFor(stored.key, row);
    this.#responses.set(row, NEXT_VARIANT, 0);
    this.#responses.set(row, OF_KEY, keyRow);
    this.#responses.set(row, LAST_USE, 0);
    const sharing = this.#sharing;
    this.#responses.set(row, STAMP, sharing === undefined ? 0 : Atomics.load(sharing.words, ALL_COVERED));
    this.#responses.set(row, FIRST_PLACE, this.#index.add(row, stored.target, stored.tags));
    if (hasOwnBody(stored.bodyLength)) this.#bodies.set(row, stored.chunks);
    this.#responses.set(row, ADDRESS, this.#records.add(stored, texts, row));
    this.#responses.add(row, VERSION, (this.versionOf(row) & 1) === 0 ? 2 : 1);
    if (stored.variance !== undefined) this.#addStandIn(row, stored);
    this.#objects += 1;
    this.#bytes += this.chargeOf(row);
    return row;
  }

  drop(row: number): void {
    const address = this.#addressOf(row);
    this.#bytes -= this.chargeOf(row);
    this.#objects -= 1;
    // First of all: a thread that is reading the record must find that out, before its memory is used again.
    this.#responses.add(row, VERSION, 1);
    this.#unlink(row);
    this.#index.remove(this.#responses.get(row, FIRST_PLACE));
    const standIn = this.#standIns.get(row);
    if (standIn !== undefined) this.#equivalents.remove(standIn);
    this.#standIns.delete(row);
    this.#bodies.delete(row);
    this.#responses.set(row, ADDRESS, 0);
    this.#responses.give(row);
    this.#records.remove(address);
  }

  // A walk may go on while responses come and go. One that stays is met exactly once.

  atPath(path: string): Iterable<number> {
    return this.#index.atPath(path);
  }

  withTag(tag: string): Iterable<number> {
    return this.#index.withTag(tag);
  }

  *all(): Generator<number> {
    for (let row = 1; row < this.#responses.top; row += 1) if (this.isHeld(row)) yield row;
  }

  equivalents(request: Parameters<EquivalentsIndex<RowStandIn>["find"]>[0]): readonly number[] {
    return this.#equivalents.find(request).map(({ row }) => row);
  }

  #addressOf(row: number): number {
    // The upper half of the addresses is negative in a table.
    return this.#responses.get(row, ADDRESS) >>> 0;
  }

  #addStandIn(row: number, { site, base, target, variance }: StoredResponse): void {
    const standIn = { row, site, target, variance, ...(base === undefined ? {} : { base }) };
    this.#standIns.set(row, standIn);
    this.#equivalents.add(standIn);
  }

  /** The row of the key, with the response at the end of its chain. */
  #keyRowFor(key: string, response: number): number {
    const found = this.find(key);
    if (found !== 0) {
      const last = this.responsesOf(found).at(-1) ?? 0;
      this.#responses.set(last, NEXT_VARIANT, response);
      return found;
    }
    const row = this.#keys.take();
    this.#keys.set(row, HASH, this.#chains.hashOf(key));
    this.#keys.set(row, FIRST, response);
    this.#keys.set(row, USES, 0);
    this.#keys.set(row, PERIOD, 0);
    this.#chains.add(row);
    return row;
  }

  #unlink(response: number): void {
    const keyRow = this.keyRowOf(response);
    const after = this.#responses.get(response, NEXT_VARIANT);
    let at = this.#keys.get(keyRow, FIRST);
    if (at !== response) {
      while (this.#responses.get(at, NEXT_VARIANT) !== response) at = this.#responses.get(at, NEXT_VARIANT);
      this.#responses.set(at, NEXT_VARIANT, after);
      return;
    }
    this.#keys.set(keyRow, FIRST, after);
    if (after !== 0) return;
    this.#chains.remove(keyRow);
    this.#keys.give(keyRow);
  }
}

function announcer(part: SharedPart, sharing: Sharing): OnPiece {
  const generation = Atomics.load(sharing.words, GENERATION);
  return (number, memory) => sharing.onPiece({ generation, part, number, memory });
}
