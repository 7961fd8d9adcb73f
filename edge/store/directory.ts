import { chargeOf } from "./charge.ts";
import {
  ADDRESS,
  COVERED,
  FIRST_PLACE,
  LAST_USE,
  NEXT_VARIANT,
  OF_KEY,
  RESPONSE_WORDS,
  STAMP,
  VERSION,
} from "./directory-layout.ts";
import type { PortableResponse } from "./disk/portable-responses.ts";
import { KeyTable } from "./key-table.ts";
import { PurgeIndex } from "./purge-index.ts";
import type { Purgeable } from "./purge-match.ts";
import { Records, type RecordTexts, recordTexts } from "./record.ts";
import { hasKey, hasOwnBody, keyIn, setSoftPurged, sizesIn, softPurgedIn } from "./record-layout.ts";
import type { ResponseInPlace } from "./response-in-place.ts";
import { type OnPiece, Rows } from "./rows.ts";
import { ALL_COVERED, GENERATION, type SharedPart, type Sharing } from "./sharing.ts";
import { offsetOf } from "./slab.ts";
import type { SoughtKey } from "./sought-key.ts";
import { StandIns } from "./stand-ins.ts";
import { type FillMark, isValidator, keptBytes, keptChunks, type StoredResponse } from "./stored-response.ts";

export interface DirectoryOptions {
  /** Of the hashes of what clients choose. Random where clients are not those of a test. Default: 0. */
  readonly seed?: number | undefined;
  /** Overwrites memory when it is freed, for tests: whoever still reads it is found out. */
  readonly poisons?: boolean | undefined;
  readonly sharing?: Sharing | undefined;
}

/**
 * Everything that a store holds, in tables: keys, the responses of each, and where their records lie. A key and a
 * response are known by the number of their row. 0 is none.
 */
export class Directory {
  readonly keys: KeyTable;
  readonly #responses: Rows;
  readonly #records: Records;
  readonly #index: PurgeIndex;
  readonly #standIns = new StandIns();
  /** By response, the bodies that do not stand in their records. */
  readonly #bodies = new Map<number, readonly Uint8Array[]>();
  readonly #sharing: Sharing | undefined;
  #objects = 0;
  #bytes = 0;

  constructor({ seed = 0, poisons, sharing }: DirectoryOptions) {
    this.#sharing = sharing;
    this.#index = new PurgeIndex(seed);
    const to = (part: SharedPart): OnPiece | undefined => sharing && announcer(part, sharing);
    const isKey = (row: number, key: SoughtKey): boolean => this.#hasKey(row, key);
    this.keys = new KeyTable({ seed, hasKey: isKey, onKeys: to("keys"), onHeads: to("heads") });
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

  /** In the order in which they were put. */
  responsesOf(keyRow: number): readonly number[] {
    const rows: number[] = [];
    if (keyRow === 0) return rows;
    for (let row = this.keys.firstOf(keyRow); row !== 0; row = this.#responses.get(row, NEXT_VARIANT))
      rows.push(row);
    return rows;
  }

  /** Whether its key has other variants. */
  hasOthers(row: number): boolean {
    return this.keys.firstOf(this.keyRowOf(row)) !== row || this.#responses.get(row, NEXT_VARIANT) !== 0;
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

  #hasKey(row: number, key: SoughtKey): boolean {
    const address = this.#addressOf(row);
    return hasKey(this.#records.extentOf(address), offsetOf(address), key);
  }

  /** The only response under a key that has no other, if it can be sent as it lies in its record. */
  inPlace(keyRow: number): ResponseInPlace | undefined {
    const row = this.keys.firstOf(keyRow);
    if (this.#responses.get(row, NEXT_VARIANT) !== 0) return undefined;
    const address = this.#addressOf(row);
    return this.#records.reader.inPlace(this.#records.extentOf(address), offsetOf(address), keyRow);
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

  /** What another process needs to read it. It has the memory of the directory. */
  portable(row: number): PortableResponse {
    const address = this.#addressOf(row);
    const [extent, at] = [this.#records.extentOf(address), offsetOf(address)];
    return {
      shape: this.#records.shapeTextOf(address),
      record: extent.bytes.subarray(at, at + sizesIn(extent, at).length),
      ownBody: this.#bodies.get(row) ?? [],
    };
  }

  markOf(row: number): FillMark {
    const address = this.#addressOf(row);
    return this.#records.reader.markIn(this.#records.extentOf(address), offsetOf(address));
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
    this.#responses.add(row, STAMP, COVERED - this.#responses.get(row, STAMP));
  }

  chargeOf(row: number): number {
    const address = this.#addressOf(row);
    const sizes = sizesIn(this.#records.extentOf(address), offsetOf(address));
    return chargeOf(sizes, this.#bodies.get(row)?.length ?? 0);
  }

  /** Of all responses of a key. */
  chargeUnder(keyRow: number): number {
    return this.responsesOf(keyRow).reduce((sum, row) => sum + this.chargeOf(row), 0);
  }

  /** Returns the row of the response. */
  add(stored: StoredResponse, texts = recordTexts(stored)): number {
    const row = this.#responses.take();
    const keyRow = this.#keyRowFor(stored.key, row);
    this.#responses.set(row, NEXT_VARIANT, 0);
    this.#responses.set(row, OF_KEY, keyRow);
    this.#responses.set(row, LAST_USE, 0);
    const allCovered = this.#sharing === undefined ? 0 : Atomics.load(this.#sharing.words, ALL_COVERED);
    this.#responses.set(row, STAMP, isValidator(stored.mark) ? COVERED : allCovered);
    this.#responses.set(row, FIRST_PLACE, this.#index.add(row, stored.target, stored.tags));
    this.#write(row, stored, texts);
    this.#responses.add(row, VERSION, (this.versionOf(row) & 1) === 0 ? 2 : 1);
    if (stored.variance !== undefined) this.#standIns.add(row, stored);
    this.#objects += 1;
    this.#bytes += this.chargeOf(row);
    return row;
  }

  #write(row: number, stored: StoredResponse, texts: RecordTexts): void {
    if (hasOwnBody(keptBytes(stored))) this.#bodies.set(row, keptChunks(stored));
    this.#responses.set(row, ADDRESS, this.#records.add(stored, texts, row));
  }

  /** Writes a response in the place of itself, with other encodings. For purges and for eviction it stays what it was. */
  rewrite(row: number, stored: StoredResponse): void {
    const softPurgedAt = this.softPurgedAt(row);
    this.#bytes -= this.chargeOf(row);
    // As in `drop`: whoever is reading the record finds out that it has changed.
    this.#responses.add(row, VERSION, 1);
    this.#records.remove(this.#addressOf(row));
    this.#bodies.delete(row);
    this.#write(row, stored, recordTexts(stored));
    const address = this.#addressOf(row);
    setSoftPurged(this.#records.extentOf(address), offsetOf(address), softPurgedAt);
    this.#responses.add(row, VERSION, 1);
    this.#bytes += this.chargeOf(row);
  }

  drop(row: number): void {
    const address = this.#addressOf(row);
    this.#bytes -= this.chargeOf(row);
    this.#objects -= 1;
    // First of all: a thread that is reading the record must find that out, before its memory is used again.
    this.#responses.add(row, VERSION, 1);
    this.#unlink(row);
    this.#index.remove(this.#responses.get(row, FIRST_PLACE));
    this.#standIns.remove(row);
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

  equivalents(request: Parameters<StandIns["find"]>[0]): readonly number[] {
    return this.#standIns.find(request);
  }

  #addressOf(row: number): number {
    // The upper half of the addresses is negative in a table.
    return this.#responses.get(row, ADDRESS) >>> 0;
  }

  /** The row of the key, with the response at the end of its chain. */
  #keyRowFor(key: string, response: number): number {
    const found = this.keys.find(key);
    if (found !== 0) {
      const last = this.responsesOf(found).at(-1) ?? 0;
      this.#responses.set(last, NEXT_VARIANT, response);
      return found;
    }
    return this.keys.add(key, response);
  }

  #unlink(response: number): void {
    const keyRow = this.keyRowOf(response);
    const after = this.#responses.get(response, NEXT_VARIANT);
    let at = this.keys.firstOf(keyRow);
    if (at !== response) {
      while (this.#responses.get(at, NEXT_VARIANT) !== response) at = this.#responses.get(at, NEXT_VARIANT);
      this.#responses.set(at, NEXT_VARIANT, after);
      return;
    }
    this.keys.setFirst(keyRow, after);
    if (after === 0) this.keys.remove(keyRow);
  }
}

function announcer(part: SharedPart, sharing: Sharing): OnPiece {
  const generation = Atomics.load(sharing.words, GENERATION);
  return (number, memory) => sharing.onPiece({ generation, part, number, memory });
}
