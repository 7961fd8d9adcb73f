import type { Socket } from "node:net";

// A hit takes some microseconds. So a few connections that send requests without a pause delay others by a millisecond.
const MOST_REQUESTS = 16;

// Of all connections that wait: together they take some milliseconds, and so hold up nothing else for longer.
const MOST_OF_ALL = 1_024;

// What the kernel takes in a fraction of a millisecond.
const MOST_BYTES = 256 * 1024;

/** The connections of a server that wait for their next turn. */
export class Turns {
  waiting = 0;

  /** Requests that each of them may have in a turn. */
  get most(): number {
    return Math.max(1, Math.min(MOST_REQUESTS, Math.floor(MOST_OF_ALL / Math.max(1, this.waiting))));
  }
}

/**
 * The turn of one connection. A client may send its requests faster than they are answered, and ready answers wait for
 * nothing. So after some of them the connection waits until all others have had their turn.
 */
export class Turn {
  readonly #turns: Turns;
  readonly #socket: Pick<Socket, "pause">;
  readonly #goOn: () => void;
  #requests = 0;
  #bytes = 0;
  #waits = false;

  /** `goOn`: the next turn has come. */
  constructor(turns: Turns, socket: Pick<Socket, "pause">, goOn: () => void) {
    this.#turns = turns;
    this.#socket = socket;
    this.#goOn = goOn;
  }

  /** Whether the connection waits for its next turn. */
  get waits(): boolean {
    return this.#waits;
  }

  /** The client has sent something. */
  begin(): void {
    this.#requests = 0;
    this.#bytes = 0;
  }

  /** Whether another request may be taken in this turn. If not, the connection waits from now on and is not read. */
  takes(): boolean {
    if (this.#waits) return false;
    if (this.#requests < this.#turns.most && this.#bytes < MOST_BYTES) {
      this.#requests += 1;
      return true;
    }
    this.#waits = true;
    this.#turns.waiting += 1;
    this.#socket.pause();
    setImmediate(() => {
      this.#waits = false;
      this.begin();
      this.#goOn();
      this.#turns.waiting -= 1;
    });
    return false;
  }

  /** Counts bytes of an answer that was ready at once. */
  gave(bytes: number): void {
    this.#bytes += bytes;
  }
}
