import type { Carrier, CarrierPool } from "../../client/carrier.ts";
import type { ConnectionFault, ConnectionUser } from "../../client/client-connection.ts";
import type { Server } from "../../client/server-socket.ts";
import { MOST_STREAMS } from "../bounds.ts";
import { HpackEncoder } from "../hpack-encoder.ts";
import { OutletBuffer } from "../outlet.ts";
import { ClientSession, type SessionOwner, type SessionParts } from "./client-session.ts";

// Servers keep a connection for about a minute, and say so when they close one. Firewalls forget it without a word.
const KEEP_MS = 50_000;

interface Options {
  readonly to: Server;
  /** Requests at a time; further ones wait. */
  readonly most: number;
  readonly now: () => number;
  /** The server has chosen HTTP/1.1. All that wait are to be served in another way. */
  readonly declined: () => void;
}

/**
 * The connections to one server that speaks HTTP/2: one, and further ones while all that it lets be asked at a time is under
 * way.
 */
export class StreamPool<U extends ConnectionUser> implements CarrierPool<U>, SessionOwner<U> {
  readonly #options: Options;
  readonly #parts: SessionParts;
  readonly #sessions = new Set<ClientSession<U>>();
  readonly #waiting = new Map<U, (carrier: Carrier) => void>();
  #closed = false;
  #serving = false;
  readonly #emptied = Promise.withResolvers<void>();

  constructor(options: Options) {
    this.#options = options;
    this.#parts = { encoder: new HpackEncoder(), buffer: new OutletBuffer(), now: options.now };
  }

  get size(): number {
    return this.#sessions.size;
  }

  get idle(): number {
    return [...this.#sessions].filter(({ size, connecting }) => size === 0 && !connecting).length;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get connecting(): boolean {
    return [...this.#sessions].some(({ connecting }) => connecting);
  }

  get users(): readonly U[] {
    return [...[...this.#sessions].flatMap(({ users }) => users), ...this.#waiting.keys()];
  }

  queue(user: U, _now: number, _which: "any" | "fresh", given: (carrier: Carrier) => void): void {
    this.#waiting.set(user, given);
    this.#serve();
  }

  withdraw(user: U): void {
    this.#waiting.delete(user);
  }

  /** Takes all that wait out of the queue. */
  takeWaiting(): readonly (readonly [user: U, given: (carrier: Carrier) => void])[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    return all;
  }

  learn(): void {
    // RFC 9113 section 8.2.2: fields say nothing of the connection.
  }

  sweep(now: number): void {
    for (const session of this.#sessions)
      if (session.size === 0 && !session.connecting && now - session.idleSince > KEEP_MS) session.retire();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#tidy();
    return this.#emptied.promise;
  }

  changed(): void {
    this.#serve();
    this.#tidy();
  }

  declined(session: ClientSession<U>): void {
    this.#sessions.delete(session);
    this.#options.declined();
    this.#tidy();
  }

  gone(session: ClientSession<U>, fault: ConnectionFault | undefined): void {
    this.#sessions.delete(session);
    // Nobody knows of a better way for those that wait.
    const isLast = [...this.#sessions].every(({ connecting }) => connecting);
    if (fault !== undefined && isLast) for (const [user] of this.takeWaiting()) fail(user, fault);
    this.#serve();
    this.#tidy();
  }

  /** Gives streams to those that wait, and opens connections for the others. */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    try {
      for (const session of this.#sessions) this.#fill(session);
    } finally {
      this.#serving = false;
    }
    let places = this.#options.most - this.#busy;
    let planned = 0;
    for (const session of this.#sessions) {
      if (session.barred) return;
      if (session.connecting) planned += MOST_STREAMS;
    }
    places -= planned;
    while (this.#waiting.size > planned && places > 0) {
      this.#sessions.add(new ClientSession(this.#options.to, this, this.#parts));
      planned += MOST_STREAMS;
      places -= MOST_STREAMS;
    }
  }

  #fill(session: ClientSession<U>): void {
    while (session.room > 0 && this.#busy < this.#options.most) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [user, given] = next;
      this.#waiting.delete(user);
      const stream = session.open(user);
      stream.tell(() => given(stream));
    }
  }

  get #busy(): number {
    let streams = 0;
    for (const { size } of this.#sessions) streams += size;
    return streams;
  }

  #tidy(): void {
    if (!this.#closed || this.#waiting.size > 0) return;
    for (const session of this.#sessions) if (session.size === 0) session.retire();
    if (this.#sessions.size === 0) this.#emptied.resolve();
  }
}

function fail(user: ConnectionUser, fault: ConnectionFault): void {
  try {
    user.failed(fault);
  } catch (thrown) {
    user.faulted(thrown);
  }
}
