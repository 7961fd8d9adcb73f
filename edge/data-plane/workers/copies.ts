import { LRUCache } from "lru-cache";
import type { Clock } from "../../../process/clock.ts";
import type { HitContext } from "../../cache/hit.ts";
import type { ContentCoding } from "../../rules/compression.ts";
import { momentOf } from "../../rules/moment.ts";
import { LAPSED, type PurgeStanding, TRUSTED } from "../../rules/purge-standing.ts";
import { bytesAsObjects } from "../../store/decoded-responses.ts";
import type { ResponseInPlace } from "../../store/response-in-place.ts";
import type { ReadPlace, StoreReader } from "../../store/store-reader.ts";
import type { StoredResponse } from "../../store/stored-response.ts";
import { mayHaveStandIn } from "./given-keys.ts";
import type { UsedCopies } from "./messages.ts";
import type { SharedWords, Ticket } from "./shared-words.ts";

/** What the control thread has given, or what this thread has read in the store itself. */
type Held = { readonly responses: readonly StoredResponse[] } & (
  | { readonly ticket: Ticket; readonly place?: undefined }
  | { readonly place: ReadPlace; readonly generation: number }
);

/** Where a serving thread gets its copies from. */
interface CopySources {
  readonly words: SharedWords;
  readonly reader: StoreReader;
  /** Of GivenKeys. */
  readonly marks: Uint8Array;
}

const NONE: readonly StoredResponse[] = [];

// The control thread reads each of these responses in one turn, in some 30 microseconds. It makes no more than 1,024
// encodings wait, and it is told four times a second.
const MOST_MISSED = 256;

/**
 * The copies of stored responses that one serving thread answers with. A copy is looked at only while its ticket is
 * current, so it is as good as what the control thread holds at that moment.
 */
export class Copies {
  readonly #sources: CopySources;
  readonly #held: LRUCache<string, Held>;
  readonly #used = new Set<number>();
  readonly #usedRows = new Set<number>();
  /** How often all copies had been dropped when a response was shown in place. */
  #shownOf = 0;
  /** By key, the last one. The others are missed again. */
  readonly #missed = new Map<string, ContentCoding>();

  constructor(sources: CopySources, mostBytes: number) {
    this.#sources = sources;
    this.#held = new LRUCache({
      maxSize: mostBytes,
      sizeCalculation: ({ responses }) => responses.reduce((sum, stored) => sum + bytesAsObjects(stored), 1),
    });
  }

  keep(key: string, ticket: Ticket, responses: readonly StoredResponse[]): void {
    this.#held.set(key, { ticket, responses });
  }

  peek(key: string): readonly StoredResponse[] {
    return (this.#current(key) ?? this.#read(key))?.responses ?? NONE;
  }

  #read(key: string): Held | undefined {
    const { words, reader, marks } = this.#sources;
    // A response that stands for others marks their path first, then it changes the generation.
    const { generation } = words;
    const read = reader.find(key);
    if (read === undefined || mayHaveStandIn(marks, read.stored.target)) return undefined;
    const held = { place: read.place, generation, responses: [read.stored] };
    this.#held.set(key, held);
    return held;
  }

  /** In the memory of the store. `target`: behind the prefix of its key. */
  inPlace(prefix: string, target: string): ResponseInPlace | undefined {
    const { words, reader, marks } = this.#sources;
    // A response that stands for others marks their path first, then it changes the generation.
    this.#shownOf = words.generation;
    return mayHaveStandIn(marks, target) ? undefined : reader.inPlace(prefix, target);
  }

  usedInPlace(): boolean {
    const { words, reader } = this.#sources;
    const row = reader.usedInPlace();
    if (row === undefined || words.generation !== this.#shownOf) return false;
    this.#usedRows.add(row);
    return true;
  }

  /** Marks the key as used, for the store, which learns it a little later. */
  variants(key: string): readonly StoredResponse[] {
    const held = this.#current(key);
    if (held === undefined) return NONE;
    if (held.place === undefined) this.#used.add(held.ticket.slot);
    else this.#usedRows.add(held.place.row);
    return held.responses;
  }

  /** Of the copies, the least recently used goes first. */
  used({ key }: Pick<StoredResponse, "key">): void {
    this.#held.get(key);
  }

  sharesBody(stored: StoredResponse): boolean {
    return this.#held.peek(stored.key)?.responses.includes(stored) === true;
  }

  /** No copy is given of a key that another response may stand for. */
  equivalents(): readonly StoredResponse[] {
    return NONE;
  }

  /** Notes that a client would have liked another form. */
  miss({ key }: Pick<StoredResponse, "key">, coding: ContentCoding): void {
    if (this.#missed.size < MOST_MISSED) this.#missed.set(key, coding);
  }

  /** What was used since the last call. */
  takeUsed(): UsedCopies {
    const used = {
      slots: Int32Array.from(this.#used),
      rows: Int32Array.from(this.#usedRows),
      missed: [...this.#missed],
    };
    this.#used.clear();
    this.#missed.clear();
    this.#usedRows.clear();
    return used;
  }

  #current(key: string): Held | undefined {
    const held = this.#held.peek(key);
    if (held === undefined || this.#isCurrent(held)) return held;
    this.#held.delete(key);
    return undefined;
  }

  #isCurrent(held: Held): boolean {
    const { words, reader } = this.#sources;
    if (held.place === undefined) return words.isCurrent(held.ticket);
    return words.generation === held.generation && reader.isCurrent(held.place);
  }
}

/** Rules E2 and E7 for copies. Those of purged responses are not current, so only the lease is left to be asked. */
export function standingOfCopies(words: SharedWords, clock: Clock): HitContext["purges"] {
  return {
    standing: (_stored, now = momentOf(clock)): PurgeStanding => (words.mayServe(now) ? TRUSTED : LAPSED),
    trusts: (_mark, _softPurgedAt, now) => words.mayServe(now),
  };
}
