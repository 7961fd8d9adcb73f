import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { momentOf } from "../rules/moment.ts";
import { selects } from "../rules/vary.ts";
import { chargedBytes } from "./charge.ts";
import { type DecodedKey, DecodedResponses, decodedRoom } from "./decoded-responses.ts";
import { Directory } from "./directory.ts";
import type { Eviction } from "./eviction/eviction.ts";
import { KeyUses } from "./key-uses.ts";
import type { EvictionCause, MemoryStoreOptions } from "./memory-store-options.ts";
import { isAll } from "./purge-match.ts";
import { countMet, purgeWalk } from "./purge-walk.ts";
import { hasOwnBody } from "./record-layout.ts";
import type { ResponseInPlace } from "./response-in-place.ts";
import { ResponseSources } from "./response-sources.ts";
import { GENERATION } from "./sharing.ts";
import type { EncodeOutcome, PutOutcome, Store } from "./store.ts";
import { type Encoding, keptBytes, type StoredResponse } from "./stored-response.ts";
import { variantsBeside } from "./variants-beside.ts";
import { WriteBehind } from "./write-behind.ts";

/** Stored responses in memory: as bytes (record.ts), of which the few that are asked for become objects. */
export class MemoryStore implements Store {
  readonly #options: MemoryStoreOptions;
  #directory: Directory;
  #eviction: Eviction;
  readonly #decoded: DecodedResponses;
  readonly #sources = new ResponseSources();
  #responseUses = 0;
  readonly #keyUses = new KeyUses();
  #limit: number;
  /** To the store below; undefined: there is none. */
  readonly writeBehind: WriteBehind | undefined;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
    this.#limit = options.maxBytes;
    this.#eviction = options.eviction();
    this.#directory = new Directory(options);
    this.#decoded = new DecodedResponses(decodedRoom(options.maxBytes));
    this.writeBehind = options.lower && new WriteBehind(options.lower, () => this.#directory);
  }

  get objects(): number {
    return this.#directory.objects;
  }

  get bytes(): number {
    return this.#directory.bytes;
  }

  /** Bytes that the objects take which it keeps beside what it is charged for. */
  get objectBytes(): number {
    return this.#decoded.bytes;
  }

  /** Bytes that it may hold now: `maxBytes`, or less while memory is short. */
  get limit(): number {
    return this.#limit;
  }

  /** Evicts down to the limit. */
  set limit(bytes: number) {
    this.#limit = bytes;
    this.#makeRoom(0, "memory-short");
  }

  variants(key: string): readonly StoredResponse[] {
    const held = this.#held(key);
    if (held === undefined) return [];
    this.#usedKey(held.row);
    return held.responses;
  }

  #usedKey(row: number): void {
    this.#eviction.used(row);
    if (this.#keyUses.used(this.#directory.keys, row) === 1) this.writeBehind?.asked(row);
  }

  inPlace(prefix: string, rest: string): ResponseInPlace | undefined {
    const row = this.#directory.keys.find(prefix, rest);
    return row === 0 ? undefined : this.#directory.inPlace(row);
  }

  usedInPlace({ keyRow }: ResponseInPlace): boolean {
    this.#usedKey(keyRow);
    return true;
  }

  usedInRows(rows: Iterable<number>): void {
    // Where another response stands by now, its key gets one use too many.
    for (const row of rows) if (this.#directory.isHeld(row)) this.#usedKey(this.#directory.keyRowOf(row));
  }

  peek(key: string): readonly StoredResponse[] {
    return this.#held(key)?.responses ?? [];
  }

  useCount(key: string): number {
    return this.#keyUses.of(this.#directory.keys, this.#directory.keys.find(key));
  }

  /** The responses of a key as objects: those made lately, else new ones. */
  #held(key: string): DecodedKey | undefined {
    const known = this.#decoded.get(key);
    if (known !== undefined) return known;
    const row = this.#directory.keys.find(key);
    if (row === 0) return undefined;
    const responses = this.#directory.responsesOf(row).map((response) => this.#read(response));
    const held = { row, responses };
    this.#decoded.set(key, held);
    return held;
  }

  #read(row: number): StoredResponse {
    const stored = this.#directory.read(row);
    this.#sources.note(stored, this.#directory, row);
    return stored;
  }

  /** Its row while it is held; 0: it is not. */
  #rowOf(stored: StoredResponse): number {
    return this.#sources.rowOf(stored, this.#directory);
  }

  holds(stored: StoredResponse): boolean {
    return this.#rowOf(stored) !== 0;
  }

  sharesBody(stored: StoredResponse): boolean {
    // Every object has a copy of a small body: the store keeps those of the objects that it keeps.
    if (hasOwnBody(keptBytes(stored))) return this.holds(stored);
    return this.#decoded.peek(stored.key)?.responses.includes(stored) === true;
  }

  used(stored: StoredResponse): void {
    const row = this.#rowOf(stored);
    // Most keys have one variant, which competes with none.
    if (row !== 0 && this.#directory.hasOthers(row)) this.#used(row);
  }

  #used(row: number): void {
    this.#responseUses += 1;
    this.#directory.noteUse(row, this.#responseUses);
  }

  equivalents(request: Pick<CacheRequest, "site" | "base" | "target">): readonly StoredResponse[] {
    const objectOf = (row: number): readonly StoredResponse[] =>
      this.peek(this.#directory.keyOf(row)).filter((stored) => this.#rowOf(stored) === row);
    return this.#directory.equivalents(request).flatMap(objectOf);
  }

  put(stored: StoredResponse, request: CacheRequest): PutOutcome {
    const { key } = stored;
    this.writeBehind?.forget(key);
    const keyRow = this.#directory.keys.find(key);
    const uses = this.#keyUses.of(this.#directory.keys, keyRow);
    const others = this.#othersBeside(stored, request);
    // What was alone so far has not been counted.
    if (others.length === 1) for (const other of others) this.#used(this.#rowOf(other));
    let lastUse = 0;
    for (const other of this.peek(key)) {
      if (others.includes(other)) continue;
      const row = this.#rowOf(other);
      if (selects(other.selecting, request)) lastUse = this.#directory.lastUseOf(row);
      this.#drop(row);
    }
    const bytes = chargedBytes(stored);
    const besides = others.reduce((sum, other) => sum + this.#directory.chargeOf(this.#rowOf(other)), 0);
    if (besides + bytes > this.#limit) return "too-large";
    // The key leaves the order first, so that it is never its own victim.
    if (others.length > 0) this.#eviction.removed(keyRow);
    this.#makeRoom(bytes, "room");
    const held = this.#add(stored, lastUse);
    // A new version of a response is as popular as the old one.
    this.#keyUses.set(this.#directory.keys, held, uses);
    this.writeBehind?.stored(held, uses);
    // Most responses are never asked for again, and an object that is kept costs the collector more than the rest of a put.
    this.#decoded.delete(key);
    this.#options.watch?.changed(key);
    return "stored";
  }

  restore(responses: readonly StoredResponse[]): void {
    const bytes = responses.reduce((sum, stored) => sum + chargedBytes(stored), 0);
    const isHeld = ({ key }: StoredResponse): boolean => this.#directory.keys.find(key) !== 0;
    if (responses.some(isHeld) || bytes > this.#limit) return;
    this.#makeRoom(bytes, "room");
    for (const row of responses.map((stored) => this.#directory.add(stored)).slice(-1))
      this.#enter(this.#directory.keyRowOf(row));
    for (const { key } of responses) this.#options.watch?.changed(key);
  }

  encode(stored: StoredResponse, encodings: readonly Encoding[]): EncodeOutcome {
    const row = this.#rowOf(stored);
    if (row === 0) return "gone";
    const coded = { ...stored, encodings };
    const more = chargedBytes(coded) - this.#directory.chargeOf(row);
    if (this.#directory.chargeUnder(this.#directory.keyRowOf(row)) + more > this.#limit) return "too-large";
    this.#makeRoom(more, "room");
    // It may have been the next to go itself.
    if (!this.holds(stored)) return "gone";
    this.#directory.rewrite(row, coded);
    this.#sources.note(coded, this.#directory, row);
    this.#decoded.delete(stored.key);
    this.#options.watch?.changed(stored.key);
    return coded;
  }

  /** Returns the row of its key. */
  #add(stored: StoredResponse, lastUse: number): number {
    const row = this.#directory.add(stored);
    const keyRow = this.#directory.keyRowOf(row);
    this.#directory.noteUse(row, lastUse);
    this.#enter(keyRow);
    this.#sources.note(stored, this.#directory, row);
    return keyRow;
  }

  #enter(keyRow: number): void {
    this.#eviction.added(keyRow, this.#directory.keys.hashOf(keyRow), this.#directory.chargeUnder(keyRow));
  }

  #othersBeside({ key }: StoredResponse, request: CacheRequest): readonly StoredResponse[] {
    const lastUseOf = (variant: StoredResponse): number => this.#directory.lastUseOf(this.#rowOf(variant));
    return variantsBeside(this.peek(key), request, { now: () => momentOf(this.#options.clock), lastUseOf });
  }

  remove(stored: StoredResponse): void {
    this.writeBehind?.forget(stored.key);
    const row = this.#rowOf(stored);
    if (row !== 0) this.#drop(row);
  }

  async purge(targets: readonly PurgeTarget[], softlyAt?: number): Promise<number> {
    if (softlyAt === undefined && targets.some(isAll)) return this.#dropAll();
    if (softlyAt !== undefined) this.#sources.softPurges.begin(softlyAt);
    const purge = (row: number): void =>
      softlyAt === undefined ? this.#drop(row) : this.#markSoftPurged(row, softlyAt);
    let purged = 0;
    for await (const _ of this.#covered(targets, purge)) purged += 1;
    return purged;
  }

  #markSoftPurged(row: number, since: number): void {
    // After several soft purges it has been stale since the first.
    if (this.#directory.softPurgedAt(row) === undefined) this.#directory.markSoftPurged(row, since);
    this.#options.watch?.changed(this.#directory.keyOf(row));
  }

  softPurgedAt(stored: StoredResponse): number | undefined {
    return this.#sources.softPurgedAt(stored, this.#directory);
  }

  async *coveredBy(targets: readonly PurgeTarget[]): AsyncGenerator<StoredResponse> {
    yield* this.#covered(targets, (row) => this.#read(row));
  }

  covered(targets: readonly PurgeTarget[]): Promise<{ objects: number; bytes: number }> {
    return countMet(this.#covered(targets, (row) => this.#directory.chargeOf(row)));
  }

  #covered<Met>(targets: readonly PurgeTarget[], meet: (row: number) => Met): AsyncIterable<Met> {
    const directory = this.#directory;
    const isEmptied = (): boolean => directory !== this.#directory;
    return purgeWalk(targets, directory, { clock: this.#options.clock, isEmptied, meet });
  }

  /** Takes the same time however much is held: the old tables are left to the garbage collector. */
  #dropAll(): number {
    const dropped = this.objects;
    const { sharing } = this.#options;
    if (sharing !== undefined) Atomics.add(sharing.words, GENERATION, 1);
    this.#directory = new Directory(this.#options);
    this.#eviction = this.#options.eviction();
    this.#decoded.clear();
    this.#options.watch?.emptied();
    return dropped;
  }

  #makeRoom(bytes: number, cause: EvictionCause): void {
    const room = this.#limit - (this.#options.elsewhere?.() ?? 0) - bytes;
    while (this.bytes > room) {
      const victim = this.#eviction.victim();
      if (victim === undefined) return;
      this.writeBehind?.leaves(victim, this.#keyUses.of(this.#directory.keys, victim));
      const rows = this.#directory.responsesOf(victim);
      for (const row of rows) this.#drop(row);
      this.#options.evicted?.(cause, rows.length);
    }
  }

  #drop(row: number): void {
    const key = this.#directory.keyOf(row);
    if (!this.#directory.hasOthers(row)) this.#eviction.removed(this.#directory.keyRowOf(row));
    this.#directory.drop(row);
    this.#decoded.delete(key);
    this.#options.watch?.changed(key);
  }
}
