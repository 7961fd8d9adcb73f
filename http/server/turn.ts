import type { Socket } from "node:net";

// A hit takes some microseconds, so a thousand connections that send requests without a pause delay others by a moment.
const MOST_REQUESTS = 16;

// What the kernel takes in a fraction of a millisecond.
const MOST_BYTES = 256 * 1024;

/**
 * The turn of one connection. A client may send its requests faster than they are answered, and answers at hand wait for
 * nothing. So after some of them the connection waits until all others have had their turn.
 */
export class Turn {
  readonly #socket: Pick<Socket, "pause">;
  readonly #goOn: () => void;
  #requests = 0;
  #bytes = 0;
  #waits = false;

  /** `goOn`: the next turn has come. */
  constructor(socket: Pick<Socket, "pause">, goOn: () => void) {
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
    if (this.#requests < MOST_REQUESTS && this.#bytes < MOST_BYTES) {
      this.#requests += 1;
      return true;
    }
    this.#waits = true;
    this.#socket.pause();
    setImmediate(() => {
      this.#waits = false;
      this.begin();
      this.#goOn();
    });
    return false;
  }

  /** So many bytes of an answer were at hand. */
  gave(bytes: number): void {
    this.#bytes += bytes;
  }
}
