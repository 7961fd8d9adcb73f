/** Whom a request waits for. */
export type Party =
  /** The answerer, to begin its answer. */
  | "answerer"
  /** The client, to send the rest of the request's body. */
  | "sender"
  /** The client, to take the rest of the answer. */
  | "reader"
  /** The answerer, to go on with its answer. */
  | "answer"
  /** Both sides of a tunnel, to send something. */
  | "tunnel"
  /** No party that this server watches. */
  | "nobody";

export type Overdue = Exclude<Party, "nobody">;

/** How long a request may wait for each party, in milliseconds. Infinity: the program watches it itself. */
export interface TimeoutLimits {
  /** Until the answer begins: all waits together, counted anew when more of the body has come. */
  readonly answererMs: number;
  /** Between two parts of the answer. */
  readonly answerMs: number;
  /** Between two parts of what the sides of a tunnel say. */
  readonly tunnelMs: number;
  /** Until the client has taken what was written. */
  readonly readerMs: number;
  /** For the request's body: all waits together. Each byte that arrives adds the time that it may take at `bodyRate`. */
  readonly senderMs: number;
  /** For the request's body, from the first wait on. */
  readonly bodyTimeout: number;
  /** Bytes a second. */
  readonly bodyRate: number;
}

/** How long one request has waited for whom. Instants are monotonic milliseconds. */
export class Timeouts {
  readonly #limits: TimeoutLimits;
  #party: Party = "nobody";
  #since = 0;
  #answererMs = 0;
  #senderMs = 0;
  #bodyBytes = 0;
  /** Since when the server has waited for the body, now and then. */
  #bodySince: number | undefined;

  constructor(limits: TimeoutLimits) {
    this.#limits = limits;
  }

  /** Since when the client has taken nothing; undefined when it is not waited for. */
  get readerSince(): number | undefined {
    return this.#party === "reader" ? this.#since : undefined;
  }

  waitFor(party: Party, now: number): void {
    // Every part of an answer begins its span anew.
    if (party === this.#party && party !== "answer") return;
    if (this.#party === "answerer") this.#answererMs += now - this.#since;
    if (this.#party === "sender") this.#senderMs += now - this.#since;
    if (party === "sender") this.#bodySince ??= now;
    this.#party = party;
    this.#since = now;
  }

  /** Something has passed through the tunnel. */
  passed(now: number): void {
    if (this.#party === "tunnel") this.#since = now;
  }

  /** The client has taken some of what was written. */
  readerTook(now: number): void {
    if (this.#party === "reader") this.#since = now;
  }

  /** Part of the request's body has arrived, so the answerer gets its whole span again. */
  tookBody(bytes: number): void {
    this.#bodyBytes += bytes;
    this.#answererMs = 0;
  }

  /** The party that has used up its time, if one has. */
  overdue(now: number): Overdue | undefined {
    const { answererMs, answerMs, tunnelMs, readerMs, senderMs, bodyTimeout, bodyRate } = this.#limits;
    const waited = now - this.#since;
    switch (this.#party) {
      case "answerer":
        return this.#answererMs + waited > answererMs ? "answerer" : undefined;
      case "sender": {
        const allowed = senderMs + (this.#bodyBytes / bodyRate) * 1000;
        const total = now - (this.#bodySince ?? now);
        return this.#senderMs + waited > allowed || total > bodyTimeout ? "sender" : undefined;
      }
      case "reader":
        return waited > readerMs ? "reader" : undefined;
      case "answer":
        return waited > answerMs ? "answer" : undefined;
      case "tunnel":
        return waited > tunnelMs ? "tunnel" : undefined;
      case "nobody":
        return undefined;
    }
  }
}
