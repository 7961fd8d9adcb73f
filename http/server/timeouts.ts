/** Whom a request waits for. */
export type Party =
  /** To take the request and to begin its answer. */
  | "edge"
  /** To send the rest of the request's body. */
  | "sender"
  /** To take the rest of the answer. */
  | "reader"
  /** The edge, to go on with its answer. */
  | "answer"
  /** Nobody the router has to watch. */
  | "nobody";

export type Overdue = Exclude<Party, "nobody">;

// An edge answers 504 itself when its origin takes more than 5 s to connect and 30 s to begin; it is not cut before.
const EDGE_MS = 40_000;

// An edge cuts an answer whose origin is silent for 30 s; what is silent for longer is the edge itself.
const ANSWER_MS = 60_000;

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
    // Every part of an answer begins its span anew.
    if (party === this.#party && party !== "answer") return;
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
      case "answer":
        return waited > ANSWER_MS ? "answer" : undefined;
      case "nobody":
        return undefined;
    }
  }
}
