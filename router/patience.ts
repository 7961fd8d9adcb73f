/** Whom a request waits for. */
export type Party =
  /** To take the request and to begin its answer. */
  | "edge"
  /** To send the rest of the request's body. */
  | "sender"
  /** To take the rest of the answer. */
  | "reader"
  /** Nobody the router has to watch: the answer is arriving. */
  | "nobody";

export type Overdue = Exclude<Party, "nobody">;

// Longer than an edge's own deadline for its origin would be impolite to shorten, shorter than people wait.
const EDGE_MS = 30_000;

// A client that takes no byte for this long has gone, or means to hold memory.
const READER_MS = 30_000;

// A body may pause, but one that trickles is cut: 30 s of waiting, and one more second for each KiB received.
const SENDER_MS = 30_000;
const SENDER_BYTES_PER_MS = 1024 / 1000;

/** How long one request has waited for whom; whoever waits tells it. Instants are monotonic milliseconds. */
export class Patience {
  #party: Party = "nobody";
  #since = 0;
  #edgeMs = 0;
  #senderMs = 0;
  #bodyBytes = 0;

  waitFor(party: Party, now: number): void {
    if (party === this.#party) return;
    // Several edges may be tried in turn; together they have one span.
    if (this.#party === "edge") this.#edgeMs += now - this.#since;
    if (this.#party === "sender") this.#senderMs += now - this.#since;
    this.#party = party;
    this.#since = now;
  }

  /** Part of the request's body has arrived, so the edge gets its whole span again. */
  tookBody(bytes: number): void {
    this.#bodyBytes += bytes;
    this.#edgeMs = 0;
  }

  /** Who has used up its time, if anyone. */
  overdue(now: number): Overdue | undefined {
    const waited = now - this.#since;
    switch (this.#party) {
      case "edge":
        return this.#edgeMs + waited > EDGE_MS ? "edge" : undefined;
      case "sender": {
        const allowed = SENDER_MS + this.#bodyBytes / SENDER_BYTES_PER_MS;
        return this.#senderMs + waited > allowed ? "sender" : undefined;
      }
      case "reader":
        return waited > READER_MS ? "reader" : undefined;
      case "nobody":
        return undefined;
    }
  }
}
