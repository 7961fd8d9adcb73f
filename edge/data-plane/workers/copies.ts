import { LRUCache } from "lru-cache";
import type { Clock } from "../../../process/clock.ts";
import type { HitContext } from "../../cache/hit.ts";
import { momentOf } from "../../rules/moment.ts";
import { LAPSED, type PurgeStanding, TRUSTED } from "../../rules/purge-standing.ts";
import { bytesAsObjects } from "../../store/decoded-responses.ts";
import type { StoredResponse } from "../../store/stored-response.ts";
import type { SharedWords, Ticket } from "./shared-words.ts";

interface Held {
  readonly ticket: Ticket;
  readonly responses: readonly StoredResponse[];
}

const NONE: readonly StoredResponse[] = [];

/**
 * The copies of stored responses that one serving thread answers with. A copy is looked at only while its ticket is
 * current, so it is as good as what the control thread holds at that moment.
 */
export class Copies {
  readonly #words: SharedWords;
  readonly #held: LRUCache<string, Held>;
  readonly #used = new Set<number>();

  constructor(words: SharedWords, mostBytes: number) {
    this.#words = words;
    this.#held = new LRUCache({
      maxSize: mostBytes,
      sizeCalculation: ({ responses }) => responses.reduce((sum, stored) => sum + bytesAsObjects(stored), 1),
    });
  }

  keep(key: string, ticket: Ticket, responses: readonly StoredResponse[]): void {
    this.#held.set(key, { ticket, responses });
  }

  peek(key: string): readonly StoredResponse[] {
    return this.#current(key)?.responses ?? NONE;
  }

  /** Marks the key as used, for the store, which learns it a little later. */
  variants(key: string): readonly StoredResponse[] {
    const held = this.#current(key);
    if (held === undefined) return NONE;
    this.#used.add(held.ticket.slot);
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

  /** The slots used since the last call. */
  takeUsed(): Int32Array {
    const slots = Int32Array.from(this.#used);
    this.#used.clear();
    return slots;
  }

  #current(key: string): Held | undefined {
    const held = this.#held.peek(key);
    if (held === undefined || this.#words.isCurrent(held.ticket)) return held;
    this.#held.delete(key);
    return undefined;
  }
}

/** Rules E2 and E7 for copies. Those of purged responses are not current, so only the lease is left to be asked. */
export function standingOfCopies(words: SharedWords, clock: Clock): HitContext["purges"] {
  return {
    standing: (_stored, now = momentOf(clock)): PurgeStanding => (words.mayServe(now) ? TRUSTED : LAPSED),
  };
}
