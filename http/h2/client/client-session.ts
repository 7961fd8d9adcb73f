import type { Socket } from "node:net";
import type { ConnectionUser, ConnectionFault as Fault } from "../../client/client-connection.ts";
import { openSocket, type Server, tooLate } from "../../client/server-socket.ts";
import { Allowance } from "../allowance.ts";
import {
  IDLE_FRAMES,
  MOST_CONTROL_BYTES,
  MOST_LIST_BYTES,
  MOST_STREAMS,
  PER_DATA,
  STREAM_WINDOW,
} from "../bounds.ts";
import { FrameReader } from "../frame-reader.ts";
import { FrameRules } from "../frame-rules.ts";
import { ConnectionFault, ERROR, goaway, PREFACE, SETTING, settingsFrame, windowUpdate } from "../frames.ts";
import type { HpackEncoder } from "../hpack-encoder.ts";
import { Outlet, type OutletBuffer } from "../outlet.ts";
import type { PeerSettings } from "../peer-settings.ts";
import { type AnyClientStream, type ClientStream, RESPONSE_WINDOW } from "./client-stream.ts";
import { ClientStreams, RESPONSES_WINDOW } from "./client-streams.ts";

/** RFC 9113 section 3.4. What is pushed would be taken for nothing that was asked. */
const GREETING = Buffer.concat([
  PREFACE,
  settingsFrame([
    [SETTING.enablePush, 0],
    [SETTING.initialWindowSize, RESPONSE_WINDOW],
    [SETTING.maxHeaderListSize, MOST_LIST_BYTES],
  ]),
  windowUpdate(0, RESPONSES_WINDOW - STREAM_WINDOW),
]);

// A connection on which nothing comes for so long may have been lost without a word. Requests that are given up then take it along.
const SILENT_MS = 5_000;

// For the GOAWAY that says why. A server that does not read keeps no connection.
const LINGER_MS = 1_000;

// Numbers of streams end at 2^31. A new connection has all of them again.
const LAST_STREAM = 2 ** 30;

/** The pool that a connection belongs to. */
export interface SessionOwner<U extends ConnectionUser> {
  /** A connection may have room for another stream. */
  changed(): void;
  /** The server has chosen HTTP/1.1 (RFC 7301), so it is closed. */
  declined(session: ClientSession<U>): void;
  /** It is closed. `fault`: it could never be used. */
  gone(session: ClientSession<U>, fault: Fault | undefined): void;
}

/** What all connections of a pool share. */
export interface SessionParts {
  readonly encoder: HpackEncoder;
  readonly buffer: OutletBuffer;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** One connection to a server that speaks HTTP/2, for many requests at a time. */
export class ClientSession<U extends ConnectionUser> {
  readonly #owner: SessionOwner<U>;
  readonly #now: () => number;
  readonly #socket: Socket;
  readonly #frames = new FrameReader("server");
  readonly #outlet: Outlet<AnyClientStream>;
  readonly #streams: ClientStreams<U>;
  readonly #rules: FrameRules;
  readonly #connectTimer: NodeJS.Timeout;
  /** undefined: the server's SETTINGS have not come. */
  #mostStreams: number | undefined;
  /** Whether it takes no new streams. */
  #leaving = false;
  #closed = false;
  #waking = false;
  #heardAt: number;
  /** Since when it has no streams, in monotonic milliseconds. */
  idleSince: number;

  constructor(to: Server, owner: SessionOwner<U>, { encoder, buffer, now }: SessionParts) {
    this.#owner = owner;
    this.#now = now;
    this.#heardAt = now();
    this.idleSince = now();
    const read = (length: number, bytes: Uint8Array): boolean => {
      this.#guarded(() => this.#read(Buffer.from(bytes.buffer, bytes.byteOffset, length)));
      return true;
    };
    // Each write that does not leave at once ends with a drain, so that what waits in the outlet follows.
    this.#socket = openSocket(to, read, 1);
    const idle = new Allowance(IDLE_FRAMES, now());
    this.#outlet = new Outlet(this.#socket, buffer, {
      data: () => idle.give(PER_DATA),
      sent: (stream) => this.#streams.sent(stream),
    });
    this.#streams = new ClientStreams({
      limits: to.limits,
      scheme: to.tls === undefined ? "http" : "https",
      encoder,
      outlet: this.#outlet,
      idle,
      now,
      wake: () => this.#wake(),
      ended: (stream) => this.#ended(stream),
    });
    this.#rules = new FrameRules({
      streams: this.#streams,
      outlet: this.#outlet,
      idle,
      now,
      asked: () => undefined,
      settled: (settings) => this.#settled(settings),
      goneAway: (last, code) => this.#goneAway(last, code),
    });
    this.#connectTimer = setTimeout(() => this.#guarded(() => this.#end(tooLate(to))), to.connectMs);
    this.#socket
      .on(to.tls === undefined ? "connect" : "secureConnect", () => this.#guarded(() => this.#connected()))
      .on("drain", () => this.#guarded(() => this.#write()))
      .on("error", (error) => this.#guarded(() => this.#end(error)))
      .on("end", () => this.#guarded(() => this.#end(undefined)))
      .on("close", () => this.#guarded(() => this.#end(undefined)));
  }

  /** How many more streams it can carry now. */
  get room(): number {
    if (this.#leaving || this.#mostStreams === undefined) return 0;
    return Math.max(0, Math.min(MOST_STREAMS, this.#mostStreams) - this.#streams.size);
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Whether it is not known yet how many streams it can carry. */
  get connecting(): boolean {
    return !this.#leaving && this.#mostStreams === undefined;
  }

  /** Whether the server lets nothing be asked for the time being. */
  get barred(): boolean {
    return !this.#leaving && this.#mostStreams === 0;
  }

  get users(): readonly U[] {
    return this.#streams.users;
  }

  open(user: U): ClientStream<U> {
    return this.#streams.open(user);
  }

  /** It takes no new streams, and closes when those under way have ended. */
  retire(): void {
    this.#leaving = true;
    if (this.#streams.size > 0 || this.#closed) return;
    if (this.#mostStreams !== undefined) this.#outlet.control(goaway(0, ERROR.none));
    this.#outlet.write();
    this.#close(undefined);
  }

  #connected(): void {
    if (this.#closed) return;
    const agreed = "alpnProtocol" in this.#socket ? this.#socket.alpnProtocol : "h2";
    if (agreed !== "h2") {
      this.#closed = true;
      this.#leaving = true;
      clearTimeout(this.#connectTimer);
      this.#socket.destroy();
      this.#owner.declined(this);
      return;
    }
    this.#outlet.control(GREETING);
    this.#write();
  }

  #read(bytes: Buffer): void {
    if (this.#closed) return;
    this.#heardAt = this.#now();
    this.#frames.add(bytes, true);
    while (!this.#closed) {
      const frame = this.#frames.next();
      if (frame === undefined) break;
      this.#rules.take(frame);
      // Our answers to frames, such as acknowledgements. A server that makes us send them has to read them.
      if (this.#outlet.controlBytes > MOST_CONTROL_BYTES) this.#outlet.write();
      if (this.#outlet.controlBytes > MOST_CONTROL_BYTES)
        throw new ConnectionFault(ERROR.enhanceYourCalm, "answers to frames are not read");
    }
    this.#frames.own();
    this.#write();
  }

  #settled({ mostStreams, enablesPush }: PeerSettings): void {
    // RFC 9113 section 6.5.2.
    if (enablesPush === true) throw new ConnectionFault(ERROR.protocol, "a server that enables push");
    clearTimeout(this.#connectTimer);
    this.#mostStreams = mostStreams ?? this.#mostStreams ?? MOST_STREAMS;
    this.#owner.changed();
  }

  #goneAway(last: number, code: number): void {
    this.#leaving = true;
    this.#streams.unprocessed(last, `the origin goes away with code ${code}`);
    if (this.#streams.size === 0) this.retire();
    else this.#owner.changed();
  }

  #ended(stream: AnyClientStream): void {
    const now = this.#now();
    if (stream.id > 0 && now - Math.max(this.#heardAt, stream.sentAt) > SILENT_MS) this.#leaving = true;
    if (this.#streams.highest > LAST_STREAM) this.#leaving = true;
    if (this.#streams.size === 0) this.idleSince = now;
    if (this.#leaving && this.#streams.size === 0) this.retire();
    else this.#owner.changed();
  }

  /** Writes when all that has been read in this turn has been seen to, so that requests of many clients leave in one write. */
  #wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      this.#guarded(() => this.#write());
    });
  }

  #write(): void {
    if (!this.#closed && !this.#socket.connecting) this.#outlet.write();
  }

  /** The socket has closed: properly, if there is no cause. */
  #end(cause: Error | undefined): void {
    if (this.#closed) return;
    const [kind, why] =
      this.#mostStreams === undefined
        ? (["unreachable", "no connection"] as const)
        : (["broke-off", "broke off"] as const);
    this.#close({ kind, why, cause: cause ?? closedByServer() });
  }

  /** The boundary for everything that a server causes. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      if (thrown instanceof ConnectionFault) this.#fail(thrown);
      else {
        this.#streams.faultAll(thrown);
        const cause = thrown instanceof Error ? thrown : undefined;
        this.#close({ kind: "unreachable", why: "no connection", cause });
      }
    }
  }

  /** RFC 9113 section 5.4.1. */
  #fail({ code, message }: ConnectionFault): void {
    if (this.#closed) return;
    this.#outlet.control(goaway(0, code, message));
    this.#outlet.write();
    const why = this.#mostStreams === undefined ? `it does not speak HTTP/2: ${message}` : message;
    this.#close({ kind: "malformed", fault: "malformed", why });
  }

  #close(fault: Fault | undefined): void {
    if (this.#closed) return;
    const isUnused = this.#mostStreams === undefined;
    this.#closed = true;
    this.#leaving = true;
    clearTimeout(this.#connectTimer);
    // What has been written leaves, if the server reads.
    const lingering = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once("close", () => clearTimeout(lingering));
    this.#socket.destroySoon();
    if (fault !== undefined) this.#streams.failAll(fault);
    this.#owner.gone(this, isUnused ? fault : undefined);
  }
}

function closedByServer(): Error {
  return Object.assign(new Error("closed"), { code: "ECONNABORTED" });
}
