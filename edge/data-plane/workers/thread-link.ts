import type { CacheContext } from "../../cache/context.ts";
import { wantForm } from "../../cache/form.ts";
import { type AnsweringParts, AnsweringPort } from "./answering-port.ts";
import type { LeaseGrant } from "./lease-grant.ts";
import type { FromWorker, UsedCopies } from "./messages.ts";
import type { SharedEdge } from "./shared-edge.ts";

export interface LinkParts extends Pick<AnsweringParts, "serve" | "mayBeAhead" | "send"> {
  readonly edge: CacheContext;
  readonly shared: SharedEdge;
  readonly lease: LeaseGrant;
}

/** What the control thread does for one serving thread: it gives the memory of the store, and answers. */
export class ThreadLink {
  readonly #parts: LinkParts;
  readonly #answering: AnsweringPort;
  readonly #unfollow: () => void;

  constructor(parts: LinkParts) {
    const { shared, send } = parts;
    this.#parts = parts;
    this.#answering = new AnsweringPort({ ...parts, keys: shared.keys });
    this.#unfollow = shared.store.follow((piece) => send({ kind: "memory", piece }));
  }

  take(message: FromWorker): void {
    if (message.kind === "used") this.#noteUse(message);
    else {
      // The thread can use what it gets at once.
      if (message.kind === "ask") this.#parts.lease.grant();
      this.#answering.take(message);
    }
  }

  /** The thread is gone. */
  close(): void {
    this.#unfollow();
    this.#answering.close();
  }

  #noteUse({ slots, rows, missed }: UsedCopies): void {
    const { shared, edge } = this.#parts;
    edge.store.usedInRows(rows);
    for (const slot of slots) {
      const key = shared.keys.keyOf(slot);
      if (key !== undefined) edge.store.variants(key);
    }
    for (const [key, coding] of missed)
      for (const stored of edge.store.peek(key)) wantForm([coding], stored, edge);
  }
}
