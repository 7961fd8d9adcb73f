import type { Exchange } from "../../http/server/exchange.ts";
import { COPIED_AT_MOST, HELD_BY_SOCKET } from "../../http/server/write-buffer.ts";
import { type Place, Roster } from "../../process/roster.ts";
import type { Content, Served } from "../cache/answer.ts";
import type { CacheContext } from "../cache/context.ts";

/** An answer on its way to its client. */
export interface Sending {
  readonly exchange: Pick<Exchange, "dropClient" | "sentAhead" | "untaken"> & {
    readonly timeouts: Pick<Exchange["timeouts"], "readerSince">;
  };
  readonly served: Pick<Served, "stored" | "content">;
}

/** How much to free. */
export interface Excess {
  readonly bytes: number;
  /** Clients that have waited for less, in milliseconds, are spared. */
  readonly patienceMs: number;
}

// An answer that is still arriving holds about this much.
const ARRIVING = 1024 * 1024;

/**
 * The answers on their way. An answer holds bytes that the store may have dropped, for as long as its client takes to
 * read them. When memory is short, the clients that have taken nothing for the longest time are cut.
 */
export class SlowClients {
  readonly #sending = new Roster<Sending>();
  readonly #store: Pick<CacheContext["store"], "sharesBody">;

  constructor(store: Pick<CacheContext["store"], "sharesBody">) {
    this.#store = store;
  }

  /** The answer is over when it leaves its place. */
  add(sending: Sending): Place<Sending> {
    return this.#sending.add(sending);
  }

  /** Bytes of the answers that clients have not taken yet, and that nobody else needs. */
  get heldBytes(): number {
    let bytes = 0;
    for (const sending of this.#sending) bytes += this.#heldBy(sending);
    return bytes;
  }

  /** Cuts the slowest until so many bytes are free. Returns how many it has cut. */
  leaveBehind({ bytes, patienceMs }: Excess, now: number): number {
    const waiting: (readonly [since: number, held: number, sending: Sending])[] = [];
    for (const sending of this.#sending) {
      const since = sending.exchange.timeouts.readerSince;
      if (since === undefined || now - since < patienceMs) continue;
      const held = this.#heldBy(sending);
      if (held > 0) waiting.push([since, held, sending]);
    }
    waiting.sort(([a], [b]) => a - b);
    let [left, cut] = [bytes, 0];
    for (const [, held, { exchange }] of waiting) {
      if (left <= 0) break;
      left -= held;
      cut += 1;
      exchange.dropClient();
    }
    return cut;
  }

  /** Bytes that nobody else needs. */
  #heldBy({ exchange, served: { stored, content } }: Sending): number {
    const own = exchange.sentAhead + copiesHeld(exchange.untaken, content);
    if (content.kind === "none") return own;
    if (stored !== undefined && this.#store.sharesBody(stored)) return own;
    return own + (content.kind === "bytes" ? (stored?.bodyLength ?? content.length) : ARRIVING);
  }
}

/** Memory of the copies among the bytes that the socket has not written. A large content is not copied. */
function copiesHeld(untaken: number, content: Content): number {
  const length = content.kind === "none" ? 0 : (content.length ?? ARRIVING);
  const copied = length > COPIED_AT_MOST ? untaken - length : untaken;
  return copied > 0 ? Math.max(copied, HELD_BY_SOCKET) : 0;
}
