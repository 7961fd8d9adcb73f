import type { Clock } from "../../../process/clock.ts";
import type { Served } from "../../cache/answer.ts";
import type { HitContext } from "../../cache/hit.ts";
import type { EdgeRequest } from "../../cache/serve.ts";
import type { StoreReader } from "../../store/store-reader.ts";
import { AskingCache } from "./asking-cache.ts";
import { Copies, standingOfCopies } from "./copies.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { SharedWords } from "./shared-words.ts";

/** What a serving thread shares with the control thread, and how it talks to it. */
export interface ThreadCacheParts {
  readonly words: SharedWords;
  readonly reader: StoreReader;
  /** Of GivenKeys. */
  readonly marks: Uint8Array;
  /** Bytes of the copies that it may hold. */
  readonly copiesBytes: number;
  readonly clock: Clock;
  readonly send: (message: FromWorker, transfer?: readonly ArrayBuffer[]) => void;
}

/** The cache of an edge in one of its serving threads: copies for hits, and the control thread for everything else. */
export class ThreadCache {
  /** For the hit path. */
  readonly hits: Pick<HitContext, "store" | "purges" | "compress">;
  readonly #parts: ThreadCacheParts;
  readonly #copies: Copies;
  readonly #asking: AskingCache;

  constructor(parts: ThreadCacheParts) {
    const { words, clock, send, copiesBytes } = parts;
    this.#parts = parts;
    this.#copies = new Copies(parts, copiesBytes);
    this.#asking = new AskingCache(send, this.#copies);
    this.hits = {
      store: this.#copies,
      purges: standingOfCopies(words, clock),
      compress: (stored, coding) => this.#copies.miss(stored, coding),
    };
  }

  /** Asks the control thread. */
  serve(request: EdgeRequest): Promise<Served> {
    return this.#asking.serve(request);
  }

  /** Takes what the control thread says of the store and of requests. */
  take(message: Extract<ToWorker, { readonly id: number } | { readonly kind: "memory" }>): void {
    if (message.kind === "memory") this.#parts.reader.take(message.piece);
    else this.#asking.take(message);
  }

  /** Tells the store which copies were used since the last time. */
  tellUsed(): void {
    const used = this.#copies.takeUsed();
    if (used.slots.length + used.rows.length > 0) this.#parts.send({ kind: "used", ...used });
  }
}
