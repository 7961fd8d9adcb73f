import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../process/clock.ts";

/** One request and its answer. */
export interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** The request turned out to be broken after its field section: something else answers it. */
  abandoned: boolean;
}

// A client that is still sending when it is refused gets this long to read why; closing at once would reset it.
const LINGER_MS = 2_000;

// Requests that a client may have under way before no more of what it sends is read.
const MOST_PIPELINED = 100;

/** One client's connection: what is being answered on it, in order, and how it ends. */
export class Connection {
  readonly #socket: Socket;
  readonly #clock: Clock;
  /** The answers that are not yet written, and the promise that the last of them is. */
  #underWay = 0;
  #written: Promise<void> = Promise.resolve();
  #newest: Exchange | undefined;
  #beforeNewest: Promise<void> = this.#written;
  #ending = false;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  get idle(): boolean {
    return this.#underWay === 0;
  }

  /** It has had its last answer: whatever else arrives on it is not read as a request. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Whether anything ever arrived on it. */
  get used(): boolean {
    return this.#socket.bytesRead > 0;
  }

  /** Runs `answer`, which never rejects and begins only when its turn has come. Resolves when it is done. */
  async take(exchange: Exchange, answer: (turn: Promise<void>) => Promise<void>): Promise<void> {
    this.#underWay += 1;
    if (this.#underWay === MOST_PIPELINED) this.#socket.pause();
    this.#newest = exchange;
    this.#beforeNewest = this.#written;
    this.#written = answer(this.#beforeNewest);
    await this.#written;
    if (this.#underWay === MOST_PIPELINED) this.#socket.resume();
    this.#underWay -= 1;
  }

  /**
   * Ends it when the answers before are written, with `last` as its last bytes. A request that is still arriving
   * is the one that `last` answers, in place of the answer that may be under way.
   */
  async endWith(last: () => Uint8Array): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    const broken = this.#newest;
    if (broken === undefined || broken.message.complete) {
      await this.#written;
      this.#finish(last());
    } else if (!broken.response.headersSent) {
      broken.abandoned = true;
      await this.#beforeNewest;
      this.#finish(last());
    } else if (broken.response.writableEnded) {
      await this.#written;
      this.#finish(new Uint8Array());
    } else this.close();
  }

  close(): void {
    this.#socket.destroy();
  }

  #finish(last: Uint8Array): void {
    const socket = this.#socket;
    // The parser that would read on may be gone, and with it whoever took care of errors.
    socket.on("error", () => socket.destroy());
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(last);
    socket.resume();
    const closed = new AbortController();
    socket.once("close", () => closed.abort());
    this.#clock.wait(LINGER_MS, closed.signal).then(
      () => socket.destroy(),
      () => undefined,
    );
  }
}
