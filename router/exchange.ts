import type { IncomingMessage, ServerResponse } from "node:http";
import { type Overdue, Patience } from "./patience.ts";
import { RouterFailure, type RouterFailureCode } from "./router-failure.ts";

const OVERDUE: Readonly<Record<Overdue, RouterFailureCode>> = {
  edge: "edge-silent",
  sender: "sender-slow",
  reader: "reader-stalled",
};

/** One request of a client, from its fields to the last byte of its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Monotonic milliseconds. */
  readonly arrivedAt: number;
  readonly patience = new Patience();
  /** Resolves when its answer has been handed to the system, or cannot be any more. */
  readonly closed: Promise<void>;
  readonly #givenUp = new AbortController();
  readonly #close: () => void;

  constructor(request: IncomingMessage, response: ServerResponse, arrivedAt: number) {
    this.request = request;
    this.response = response;
    this.arrivedAt = arrivedAt;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#close = resolve;
    response.once("close", resolve);
  }

  /** Aborts with a RouterFailure when nobody should go on with it. */
  get givenUp(): AbortSignal {
    return this.#givenUp.signal;
  }

  /** A client that has part of an answer learns it from its connection, which is closed. */
  giveUp(failure: RouterFailure): void {
    this.#givenUp.abort(failure);
    if (this.response.headersSent) this.response.destroy();
  }

  /** The connection is gone, and with it the answers that waited for their turn on it: node tells only the first. */
  clientLeft(): void {
    this.giveUp(new RouterFailure("client-left", "the client closed its connection"));
    this.#close();
  }

  /** Gives up when somebody's time is up. */
  checkTime(now: number): void {
    const overdue = this.patience.overdue(now);
    if (overdue !== undefined)
      this.giveUp(new RouterFailure(OVERDUE[overdue], `waited too long for the ${overdue}`));
  }
}
