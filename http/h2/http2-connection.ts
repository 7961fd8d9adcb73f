// The life of a connection of HTTP/2:
//   1. FrameReader finds frames in what the client sends. FrameRules says what each means.
//   2. HeaderBlocks and HpackDecoder make field lists of them. Streams takes each that begins a request.
//   3. Intake judges it by the rules of HTTP/1.1, and answers it at once if it can. Else a Stream stands for it, and the
//      program answers its Exchange as it does by HTTP/1.1.
//   4. Outlet writes what waits in one write, in the order of priorities.
import type { Socket } from "node:net";
import type { ConnectionMaker, ConnectionParts, Receiver } from "../server/connection-parts.ts";
import { KEEP_ALIVE_MS, LINGER_MS } from "../server/connection-state.ts";
import type { Peer } from "../server/peer.ts";
import { Turn } from "../server/turn.ts";
import { Allowance } from "./allowance.ts";
import {
  CONNECTION_WINDOW,
  IDLE_FRAMES,
  MOST_CONTROL_BYTES,
  MOST_LIST_BYTES,
  MOST_STREAMS,
  PER_DATA,
  STREAM_WINDOW,
} from "./bounds.ts";
import { FrameReader } from "./frame-reader.ts";
import { FrameRules } from "./frame-rules.ts";
import {
  ConnectionFault,
  ERROR,
  type ErrorCode,
  goaway,
  LARGEST_WINDOW,
  SETTING,
  settingsFrame,
  windowUpdate,
} from "./frames.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import { Outlet, OutletBuffer } from "./outlet.ts";
import type { Stream } from "./stream.ts";
import { Streams } from "./streams.ts";

/** `tunnels`: whether the client may ask for tunnels by extended CONNECT (RFC 8441 section 3). */
function ourSettings(tunnels: boolean): Buffer {
  return Buffer.concat([
    settingsFrame([
      [SETTING.maxConcurrentStreams, MOST_STREAMS],
      [SETTING.maxHeaderListSize, MOST_LIST_BYTES],
      [SETTING.noRfc7540Priorities, 1],
      ...(tunnels ? [[SETTING.enableConnectProtocol, 1] as const] : []),
    ]),
    windowUpdate(0, CONNECTION_WINDOW - STREAM_WINDOW),
  ]);
}

/** What all connections of a server share. */
interface Shared {
  readonly encoder: HpackEncoder;
  readonly buffer: OutletBuffer;
}

/** HTTP/2 for the connections of one server. */
export function http2(): ConnectionMaker {
  const shared = { encoder: new HpackEncoder(), buffer: new OutletBuffer() };
  return (socket, peer, parts) => new Http2Connection(socket, peer, parts, shared);
}

/** One connection of a client that speaks HTTP/2. */
class Http2Connection implements Receiver {
  readonly peer: Peer;
  readonly protocol = "HTTP/2";
  place: Receiver["place"];
  readonly #socket: Socket;
  readonly #server: ConnectionParts;
  readonly #frames = new FrameReader();
  readonly #rules: FrameRules;
  readonly #outlet: Outlet<Stream>;
  readonly #streams: Streams;
  readonly #turn: Turn;
  #working = false;
  #waking = false;
  #ending = false;
  #warned = false;
  #goneAway = false;
  #lingersSince: number | undefined;
  /** Since when nothing has changed that a time limit is about. */
  #idleSince: number;
  #unreadSince: number | undefined;

  constructor(socket: Socket, peer: Peer, server: ConnectionParts, { encoder, buffer }: Shared) {
    const now = server.clock.monotonic();
    this.peer = peer;
    this.#socket = socket;
    this.#server = server;
    const idle = new Allowance(IDLE_FRAMES, now);
    this.#idleSince = now;
    this.#outlet = new Outlet(socket, buffer, {
      data: () => idle.give(PER_DATA),
      sent: (stream) => this.#streams.sent(stream),
    });
    this.#streams = new Streams({
      connection: this,
      peer,
      server,
      encoder,
      outlet: this.#outlet,
      idle,
      wake: () => this.#wake(),
      gave: (bytes) => this.#turn.gave(bytes),
    });
    this.#rules = new FrameRules({
      streams: this.#streams,
      outlet: this.#outlet,
      idle,
      now: () => server.clock.monotonic(),
      // The turn may end with it.
      asked: () => this.#turn.takes(),
    });
    this.#turn = new Turn(server.turns, socket, () => this.#guarded(() => this.#goOn()));
    socket
      .on("drain", () => this.#guarded(() => this.#drained()))
      .on("end", () => this.#guarded(() => this.#clientEnded()))
      // A reset is one way to leave; close follows.
      .on("error", () => socket.destroy())
      .on("close", () => this.#closed());
    this.#outlet.control(ourSettings(server.upgrades.size > 0));
    this.#wake();
  }

  /** The client has sent these bytes. `shared`: they are there until this returns, and no longer. */
  received(bytes: Buffer, shared: boolean): void {
    this.#guarded(() => {
      if (this.#ending) return;
      this.#frames.add(bytes, shared);
      this.#turn.begin();
      this.#readFrames();
    });
  }

  get receives(): boolean {
    return this.#streams.receiving;
  }

  checkTime(now: number): void {
    this.#guarded(() => this.#checkTime(now));
  }

  stop(): void {
    this.#goAway(ERROR.none, "");
  }

  destroy(): void {
    this.#streams.abandonAll("stopping");
    // What is under way learns that it has ended, if the client reads.
    this.#outlet.write();
    this.#socket.destroy();
  }

  #readFrames(): void {
    if (this.#working) return;
    this.#working = true;
    try {
      while (!this.#ending && !this.#turn.waits && !this.#isStuffed) {
        const frame = this.#frames.next();
        if (frame === undefined) break;
        this.#rules.take(frame);
        if (this.#isStuffed) this.#outlet.write();
      }
    } finally {
      this.#working = false;
      this.#frames.own();
    }
    this.#idleSince = this.#server.clock.monotonic();
    if (this.#isStuffed) this.#socket.pause();
    this.#write();
  }

  /** Whether the client sends what has to be answered, and does not read the answers. */
  get #isStuffed(): boolean {
    return this.#outlet.controlBytes > MOST_CONTROL_BYTES;
  }

  /** Writes soon, with what else is given until then. */
  #wake(): void {
    if (this.#waking || this.#working) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      this.#guarded(() => this.#write());
    });
  }

  #write(): void {
    if (this.#working) return;
    this.#outlet.write();
    if (this.#socket.writableLength > 0) this.#unreadSince ??= this.#server.clock.monotonic();
    else this.#unreadSince = undefined;
    if (this.#ending || (this.#goneAway && this.#streams.size === 0)) this.#finish();
  }

  #drained(): void {
    this.#unreadSince = undefined;
    const wasStuffed = this.#isStuffed;
    this.#write();
    if (wasStuffed && !this.#isStuffed) this.#readFrames();
    if (!this.#turn.waits && !this.#isStuffed && this.#socket.isPaused()) this.#socket.resume();
  }

  #goOn(): void {
    this.#readFrames();
    if (!this.#turn.waits && !this.#isStuffed && this.#socket.isPaused()) this.#socket.resume();
  }

  #checkTime(now: number): void {
    const { limits, connections } = this.#server;
    this.#streams.checkTime(now);
    if (this.#streams.size > 0) this.#idleSince = now;
    const { blockSince } = this.#rules;
    const isLate = blockSince !== undefined && now - blockSince > limits.fieldsMs;
    const isUnread = this.#unreadSince !== undefined && now - this.#unreadSince > limits.readerMs;
    const isSilent = this.#streams.highest === 0 && now - this.#idleSince > limits.fieldsMs;
    const isOver = this.#lingersSince !== undefined && now - this.#lingersSince > LINGER_MS;
    if (isLate || isUnread || isSilent || isOver) this.#socket.destroy();
    else if (this.#streams.size === 0 && now - this.#idleSince > KEEP_ALIVE_MS) this.stop();
    else if (connections.windingDown && !this.#goneAway) this.#warn();
  }

  /** RFC 9113 section 6.8: the client is to open no more streams; those that it has on the way are taken. */
  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#outlet.control(goaway(LARGEST_WINDOW, ERROR.none));
    this.#wake();
  }

  /** Streams behind the last one are not taken any more. */
  #goAway(code: ErrorCode, why: string): void {
    if (this.#goneAway) return;
    this.#goneAway = true;
    this.#streams.closing = true;
    this.#outlet.control(goaway(this.#streams.highest, code, why));
    this.#wake();
  }

  /** Nothing more is read. What has been given to the outlet leaves. */
  #finish(): void {
    this.#ending = true;
    if (this.#lingersSince !== undefined || !this.#outlet.empty) return;
    this.#lingersSince = this.#server.clock.monotonic();
    this.#server.connections.useless(this);
    this.#socket.end();
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** A client that sends no more can open no window either, so it has left, as other servers of HTTP/2 have it too. */
  #clientEnded(): void {
    this.#ending = true;
    this.#streams.abandonAll("client-left");
    this.#socket.destroy();
  }

  #closed(): void {
    this.#ending = true;
    this.#server.connections.delete(this);
    this.#streams.abandonAll("client-left");
  }

  /** Nothing that happens on one connection may end the program. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      if (thrown instanceof ConnectionFault) this.#fail(thrown);
      else {
        this.#server.fault(thrown, undefined);
        this.#socket.resetAndDestroy();
      }
    }
  }

  /** RFC 9113 section 5.4.1. */
  #fail({ code, message }: ConnectionFault): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#outlet.control(goaway(this.#streams.highest, code, message));
    this.#streams.abandonAll("client-left");
    this.#write();
  }
}
