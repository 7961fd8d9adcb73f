/**
 * Reads the store of another thread, which goes on writing it. Nothing is locked, and the other thread does not notice.
 *
 * Each response has a version. The writer changes it before it touches anything of a response that goes, and after it has
 * written everything of one that comes. So the reader takes the version, copies the whole response, and takes the version
 * again: if it is the same, what was copied was stored all the time in between. If not, the copy is thrown away. A copy
 * is the reader's own, so the writer may use the memory again at once, however slow the reader's client is.
 *
 * undefined never means that nothing is stored, but that the other thread must be asked: the key may have several
 * variants, or a body that does not stand in its record, or memory that this thread has not been given yet, or a soft
 * purge has covered it.
 */

import {
  ADDRESS,
  FIRST,
  HASH,
  KEY_WORDS,
  NEXT_KEY,
  NEXT_VARIANT,
  RESPONSE_WORDS,
  STAMP,
  VERSION,
} from "./directory-layout.ts";
import { chainIn, seedIn } from "./hash-chains.ts";
import { hasKey, hasOwnBody, sizesIn } from "./record-layout.ts";
import { RecordReader } from "./record-reader.ts";
import { type Shape, shapeOf } from "./record-shape.ts";
import type { ResponseInPlace } from "./response-in-place.ts";
import { Rows } from "./rows.ts";
import { isText, textOfWords, wordsOfText } from "./shared-texts.ts";
import { ALL_COVERED, GENERATION, type SharedPiece } from "./sharing.ts";
import { type Extent, extentIn, extentNumber, offsetOf } from "./slab.ts";
import { SoughtKey } from "./sought-key.ts";
import type { StoredResponse } from "./stored-response.ts";

/** A copy of a response, and where it was read. */
export interface ReadResponse {
  readonly stored: StoredResponse;
  readonly place: ReadPlace;
}

/** By it `isCurrent` tells whether the response is still stored, the only one of its key, and no purge has covered it. */
export interface ReadPlace {
  readonly generation: number;
  readonly row: number;
  readonly version: number;
  readonly stamp: number;
}

// While the writer works, a chain may lead elsewhere for a moment, and in a circle. Chains have a few rows.
const LONGEST_CHAIN = 64;
// A key that changes faster than it can be copied is the other thread's.
const ATTEMPTS = 3;
const MOST_SHAPES = 1_024;

/** The memory of one generation of a store. */
class SharedTables {
  readonly keys = new Rows(KEY_WORDS);
  readonly heads = new Rows(1);
  readonly responses = new Rows(RESPONSE_WORDS);
  readonly records: (Extent | undefined)[] = [];
  readonly texts: (Extent | undefined)[] = [];

  take({ part, number, memory }: SharedPiece): void {
    switch (part) {
      case "keys":
      case "heads":
      case "responses":
        this[part].adopt(number, memory);
        break;
      case "records":
      case "texts":
        this[part][number] = extentIn(memory);
    }
  }
}

/** A record that was there when it was looked up. */
interface FoundRecord extends ReadPlace {
  readonly address: number;
  readonly extent: Extent;
}

export class StoreReader {
  readonly #words: Int32Array;
  #of = 0;
  #tables = new SharedTables();
  /** By the address of its text. */
  readonly #shapes = new Map<number, { readonly words: Int32Array; readonly shape: Shape }>();
  readonly #reader = new RecordReader((address) => this.#shapeAt(address));
  readonly #sought = new SoughtKey();
  #shown: FoundRecord | undefined;
  /** Nobody reads it: to add to it keeps the processor from doing later what stands before it. */
  readonly #fence = new Int32Array(1);

  /** `words`: of Sharing. */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Pieces may come in any order, also of generations that are over. */
  take(piece: SharedPiece): void {
    if (piece.generation < this.#of) return;
    if (piece.generation > this.#of) {
      this.#tables = new SharedTables();
      this.#of = piece.generation;
    }
    this.#tables.take(piece);
  }

  /** The only response under a key; undefined: the thread that writes must be asked. */
  find(key: string): ReadResponse | undefined {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const found = this.#look(key, "");
      if (found === undefined) return undefined;
      const stored = this.#read(found, key);
      if (this.#isSame(found)) return stored && { stored, place: found };
    }
    return undefined;
  }

  /**
   * The same without a copy, where it lies, under the key that two texts make together. The other thread may write there
   * again: `usedInPlace` tells when its bytes have been copied. undefined: `find` tells.
   */
  inPlace(prefix: string, rest: string): ResponseInPlace | undefined {
    const found = this.#look(prefix, rest);
    this.#shown = found;
    const shown = found && this.#show(found);
    // Lengths that make no sense must not leave here.
    return found !== undefined && this.#isThere(found) ? shown : undefined;
  }

  /** The row of the response that `inPlace` gave last, if that has been there all the time; else undefined. */
  usedInPlace(): number | undefined {
    const shown = this.#shown;
    return shown !== undefined && this.#isSame(shown) ? shown.row : undefined;
  }

  /** Whether what has been read of it until now is what was stored. */
  #isSame(found: FoundRecord): boolean {
    return this.#isThere(found) && this.isCurrent(found);
  }

  #isThere({ row, version, address }: FoundRecord): boolean {
    // What has been read comes before this in time.
    Atomics.add(this.#fence, 0, 1);
    const { responses } = this.#tables;
    return responses.get(row, ADDRESS) >>> 0 === address && responses.load(row, VERSION) === version;
  }

  isCurrent({ generation, row, version, stamp }: ReadPlace): boolean {
    const { responses } = this.#tables;
    return (
      responses.load(row, VERSION) === version &&
      responses.load(row, STAMP) === stamp &&
      // Another variant beside it may be the one that is selected (RFC 9111 section 4.1).
      responses.load(row, NEXT_VARIANT) === 0 &&
      Atomics.load(this.#words, ALL_COVERED) === stamp &&
      Atomics.load(this.#words, GENERATION) === generation &&
      this.#of === generation
    );
  }

  #look(prefix: string, rest: string): FoundRecord | undefined {
    const { keys, heads, responses, records } = this.#tables;
    const sought = this.#sought.set(prefix, rest);
    const hash = sought.hash(seedIn(heads));
    let keyRow = chainIn(heads, hash);
    for (let steps = 0; keyRow !== 0 && steps < LONGEST_CHAIN; steps += 1) {
      const row = keys.get(keyRow, FIRST);
      const version = responses.load(row, VERSION);
      const stamp = responses.load(row, STAMP);
      const address = responses.get(row, ADDRESS) >>> 0;
      const extent = records[extentNumber(address)];
      const isThere = version > 0 && (version & 1) === 0 && address !== 0;
      if (keys.get(keyRow, HASH) === hash && isThere && extent !== undefined) {
        const at = offsetOf(address);
        if (isWhole(extent, at) && hasKey(extent, at, sought))
          return { generation: this.#of, row, version, stamp, address, extent };
      }
      keyRow = keys.get(keyRow, NEXT_KEY);
    }
    return undefined;
  }

  /** undefined too when it makes no sense, as it may while the other thread writes it. */
  #read({ row, extent, address }: FoundRecord, key: string): StoredResponse | undefined {
    const at = offsetOf(address);
    if (this.#tables.responses.get(row, NEXT_VARIANT) !== 0 || !isWhole(extent, at)) return undefined;
    try {
      const stored = this.#reader.read(extent, at, undefined);
      return stored.key === key ? stored : undefined;
    } catch {
      // Half of one text and half of another: its version has changed meanwhile.
      return undefined;
    }
  }

  /** undefined too when it makes no sense. */
  #show({ row, extent, address }: FoundRecord): ResponseInPlace | undefined {
    if (this.#tables.responses.get(row, NEXT_VARIANT) !== 0) return undefined;
    try {
      return this.#reader.inPlace(extent, offsetOf(address), 0);
    } catch {
      // Its version has changed meanwhile.
      return undefined;
    }
  }

  #shapeAt(address: number): Shape {
    const extent = this.#tables.texts[extentNumber(address)];
    if (extent === undefined) throw new Error("the memory of a text has not come yet");
    const at = offsetOf(address);
    const known = this.#shapes.get(address);
    if (known !== undefined && isText(extent, at, known.words)) return known.shape;
    // The other thread may change it: words and shape are of one moment.
    const words = wordsOfText(extent, at);
    // It throws for half a text, and for none.
    const shape = shapeOf(textOfWords(words));
    if (this.#shapes.size >= MOST_SHAPES) this.#shapes.clear();
    this.#shapes.set(address, { words, shape });
    return shape;
  }
}

/** Whether its lengths are possible, and the body stands in it. */
function isWhole(extent: Extent, at: number): boolean {
  const { length, bodyLength } = sizesIn(extent, at);
  return bodyLength >= 0 && !hasOwnBody(bodyLength) && length > 0 && at + length <= extent.bytes.byteLength;
}
