import type { ConnectionUser } from "./client-connection.ts";

/** What carries one request to a server: a connection of HTTP/1.1, or a stream of HTTP/2. */
export interface Carrier {
  /** Whether the connection has carried a response before. If so, the server may be closing it just now. */
  readonly reused: boolean;
  /** Whether a request can be written at once. */
  readonly ready: boolean;
  /** Whether something has come since the request was sent. */
  readonly heard: boolean;
  /** Whether it tells itself where content ends, so that no chunks are needed. */
  readonly framesContent: boolean;
  /** Whether no more should be sent before `drained`. */
  readonly full: boolean;
  /** Begins a request. `hasBody`: whether `sendMore` and `sendEnd` follow. */
  send(method: string, head: string, upgrade: string | undefined, hasBody: boolean): void;
  sendMore(bytes: Uint8Array | string): void;
  sendEnd(): void;
  /** Little more comes until `resume`. */
  hold(): void;
  resume(): void;
  /** Ends the request. `good`: the connection can carry another one. */
  release(good: boolean, now: number): void;
  /** Ends the request at any time. The user gets no more calls. */
  destroy(): void;
}

/** The connections to one server, for those that use them. */
export interface CarrierPool<U extends ConnectionUser> {
  /** How many connections are open. */
  readonly size: number;
  /** Of these, how many carry no request. */
  readonly idle: number;
  /** How many users wait. */
  readonly waiting: number;
  /** Whether they wait for a connection that is being made. */
  readonly connecting: boolean;
  /** All that are served or wait. */
  readonly users: readonly U[];
  /** Calls `given` as soon as the request can be carried. `fresh`: by a connection that has carried none before. */
  queue(user: U, now: number, which: "any" | "fresh", given: (carrier: Carrier) => void): void;
  /** The user no longer waits. */
  withdraw(user: U): void;
  /** Obeys what the fields of a response say about its connection. */
  learn(raw: readonly string[]): void;
  /** Closes connections that have been idle for too long. */
  sweep(now: number): void;
  /** Requests in flight, and those that wait, finish first. Resolves when they have. */
  close(): Promise<void>;
}
