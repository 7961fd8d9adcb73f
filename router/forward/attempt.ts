import { CHUNK_END, chunkStart, LAST_CHUNK } from "../../http/message/chunked.ts";
import type { Framing } from "../../http/message/message-framing.ts";
import { isSafe } from "../../http/message/methods.ts";
import type { ResponseHead } from "../../http/message/response-head.ts";
import type { HttpDate } from "../../http/server/date-field.ts";
import type { Clock } from "../../process/clock.ts";
import type { Exchange } from "../client/exchange.ts";
import type { FleetEdge } from "../fleet/fleet-edge.ts";
import { RouterFailure, type RouterFailureCode } from "../router-failure.ts";
import { BodyUpload } from "./body-upload.ts";
import type { ConnectionFault, ConnectionUser, EdgeConnection } from "./edge-connection.ts";
import type { EdgePool } from "./edge-pool.ts";
import { forwardedHead, interimHead, relayedHead } from "./forwarded-fields.ts";

/** An attempt that failed before the client has seen anything of it. */
export interface FailedAttempt {
  readonly failure: RouterFailure;
  /** The edge may have seen the request. */
  readonly sent: boolean;
  /** It met a kept connection that the edge was just closing: no fault of the edge. */
  readonly stale: boolean;
}

/** Where an attempt goes. */
export interface Destination {
  readonly edge: FleetEdge;
  readonly pool: EdgePool;
  /** Over a connection that has carried no request before. */
  readonly fresh: boolean;
}

/** Who is told what becomes of an attempt. */
export interface AttemptOwner {
  /** The head of an interim response, for the client. */
  interim(attempt: Attempt, head: string): void;
  /** The edge begins to answer: nobody else's answer is wanted any more. */
  answering(attempt: Attempt): void;
  /** The whole answer has been given to the client's connection. */
  relayed(attempt: Attempt): void;
  failed(attempt: Attempt, how: FailedAttempt): void;
  /** The answer broke off after its head. */
  cut(attempt: Attempt, failure: RouterFailure): void;
  /** What the client sent as the body is none. */
  malformedBody(why: string): void;
}

export interface AttemptParts {
  readonly clock: Clock;
  readonly date: HttpDate;
}

/** How the body goes on to the client. */
type Passing =
  /** Byte for byte: both sides delimit it in the same way. */
  | "as-received"
  /** Without chunked coding, to a client of HTTP/1.0; the end of the connection ends it. */
  | "content"
  /** In chunks: the edge ends it by closing, the client's connection goes on. */
  | "in-chunks";

type Stage =
  /** No connection yet: nothing has been sent. */
  | { readonly kind: "connecting" }
  | { readonly kind: "waiting" }
  | { readonly kind: "relaying"; readonly passing: Passing }
  | { readonly kind: "over" };

const CONNECTING: Stage = { kind: "connecting" };
const WAITING: Stage = { kind: "waiting" };
const OVER: Stage = { kind: "over" };

/** A request that can be sent twice at any time: harmless, and with nothing to read a second time. */
export function isRepeatable({ request, body }: Exchange): boolean {
  return body === undefined && isSafe(request.method);
}

/** One try of a request at one edge: sends it, and relays the answer as it arrives. */
export class Attempt implements ConnectionUser {
  readonly edge: FleetEdge;
  readonly #id: string;
  readonly #rttMs: number;
  readonly #pool: EdgePool;
  readonly #exchange: Exchange;
  readonly #parts: AttemptParts;
  readonly #owner: AttemptOwner;
  readonly #beganAt: number;
  readonly #connection: EdgeConnection;
  #stage: Stage = CONNECTING;
  /** The request's body, if it has one. */
  readonly #upload: BodyUpload | undefined;

  /** Takes a connection: one that is kept, if there is one and none that is `fresh` is wanted. */
  constructor(to: Destination, exchange: Exchange, parts: AttemptParts, owner: AttemptOwner) {
    const { edge, pool, fresh } = to;
    const now = parts.clock.monotonic();
    this.edge = edge;
    this.#id = edge.id;
    this.#rttMs = edge.rttMs ?? 0;
    this.#pool = pool;
    this.#exchange = exchange;
    this.#parts = parts;
    this.#owner = owner;
    this.#beganAt = now;
    edge.traffic.began();
    exchange.patience.waitFor("edge", now);
    this.#connection = pool.take(this, now, fresh);
    const { body } = exchange;
    this.#upload = body === undefined ? undefined : new BodyUpload(exchange, body, this.#connection);
  }

  /** Sends the request, if its connection is ready; else it is sent when it is. */
  begin(): void {
    if (this.#connection.ready) this.connected();
  }

  /** The edge's id. */
  get id(): string {
    return this.#id;
  }

  /** Whether the client has seen nothing of an answer. */
  get waiting(): boolean {
    return this.#stage.kind === "connecting" || this.#stage.kind === "waiting";
  }

  connected(): void {
    this.#stage = WAITING;
    const exchange = this.#exchange;
    const head = forwardedHead(exchange.request, exchange.requestLines(), this.#pool.address);
    if (this.#upload === undefined) {
      this.#connection.send(exchange.request.method, head);
      return;
    }
    this.#connection.cork();
    this.#connection.send(exchange.request.method, head);
    this.#uploadMore();
    this.#connection.uncork();
  }

  drained(): void {
    this.#uploadMore();
  }

  /** More of the request's body has come. */
  moreBody(): void {
    if (this.#stage.kind !== "connecting") this.#uploadMore();
  }

  interim(head: ResponseHead): void {
    if (this.#stage.kind === "waiting") this.#owner.interim(this, interimHead(head));
  }

  head(head: ResponseHead, framing: Framing): void {
    if (this.#stage.kind !== "waiting") return;
    const { clock, date } = this.#parts;
    const now = clock.monotonic();
    const exchange = this.#exchange;
    if (!this.#connection.reused) this.#pool.learn(head.raw);
    this.edge.traffic.answered(now, now - this.#beganAt);
    exchange.patience.waitFor("answer", now);
    this.#owner.answering(this);
    const passing = passingOf(framing, exchange);
    this.#stage = { kind: "relaying", passing };
    const relayed = {
      edge: this.#id,
      firstByteMs: now - exchange.arrivedAt,
      rttMs: this.#rttMs,
      chunked: passing === "in-chunks" || (passing === "as-received" && framing.kind === "chunked"),
      closes: exchange.decideClosing(),
      date: date.value,
    };
    exchange.begin(relayedHead(head, this.#connection.lines, relayed));
  }

  body(received: Buffer, content: readonly Buffer[]): void {
    if (this.#stage.kind !== "relaying") return;
    switch (this.#stage.passing) {
      case "as-received":
        this.#exchange.send("", received, "");
        break;
      case "content":
        for (const piece of content) this.#exchange.send("", piece, "");
        break;
      case "in-chunks":
        this.#exchange.send(chunkStart(received.length), received, CHUNK_END);
    }
  }

  readOver(): void {
    if (this.#stage.kind !== "relaying") return;
    this.#exchange.flush();
    if (this.#exchange.taken) this.#waitFor("answer");
    else {
      this.#connection.hold();
      this.#waitFor("reader");
    }
  }

  /** The client has taken all that was sent. */
  clientDrained(): void {
    if (this.#stage.kind !== "relaying") return;
    this.#waitFor("answer");
    this.#connection.resume();
  }

  whole(excess: boolean): void {
    if (this.#stage.kind !== "relaying") return;
    if (this.#stage.passing === "in-chunks") this.#exchange.send(LAST_CHUNK, undefined, "");
    const now = this.#parts.clock.monotonic();
    // The answer itself is whole and delimited; an edge that says more than it was asked is not to be trusted.
    if (excess) this.edge.traffic.failed(now, "edge-rubbish");
    this.#end();
    this.#connection.release(this.#upload?.whole !== false && !excess, now);
    this.#owner.relayed(this);
  }

  failed({ code, why, cause }: ConnectionFault): void {
    this.#fail(code, why, cause);
  }

  /** Only what can go elsewhere leaves: whether the edge is dead, its connection will tell. */
  edgeDied(why: string): void {
    const nothingSent = this.#stage.kind === "connecting";
    if (this.waiting && (nothingSent || isRepeatable(this.#exchange))) this.#fail("edge-unreachable", why);
  }

  /** Somebody's time is up, the client left, or another answer came first. Tells the owner nothing. */
  cancel(failure?: RouterFailureCode): void {
    if (this.#stage.kind === "over") return;
    if (failure === "edge-silent") this.edge.traffic.failed(this.#parts.clock.monotonic(), failure);
    this.#end();
    this.#connection.destroy();
  }

  #fail(code: ConnectionFault["code"], why: string, cause?: unknown): void {
    const { kind } = this.#stage;
    if (kind === "over") return;
    const stale = code === "edge-broke-off" && kind === "waiting" && this.#connection.reused;
    if (!stale) this.edge.traffic.failed(this.#parts.clock.monotonic(), code);
    this.#end();
    this.#connection.destroy();
    const failure = new RouterFailure(code, `${this.#id} (${this.#pool.address}): ${why}`, cause);
    if (kind === "relaying") this.#owner.cut(this, failure);
    else this.#owner.failed(this, { failure, sent: kind === "waiting", stale });
  }

  #end(): void {
    const answered = this.#stage.kind === "relaying";
    this.#stage = OVER;
    this.edge.traffic.ended(answered);
  }

  #uploadMore(): void {
    if (this.#upload === undefined || this.#upload.whole) return;
    this.#waitWhileSending("edge");
    const rest = this.#upload.go();
    if (rest.kind === "client-slow") this.#waitWhileSending("sender");
    if (rest.kind === "malformed") this.#owner.malformedBody(rest.why);
  }

  /** Once the answer has begun, only its own progress counts. */
  #waitWhileSending(party: "edge" | "sender"): void {
    if (this.#stage.kind === "waiting") this.#waitFor(party);
  }

  #waitFor(party: "edge" | "sender" | "reader" | "answer"): void {
    this.#exchange.patience.waitFor(party, this.#parts.clock.monotonic());
  }
}

function passingOf(framing: Framing, exchange: Exchange): Passing {
  const old = exchange.request.fields.version === "1.0";
  if (framing.kind === "chunked") return old ? "content" : "as-received";
  return framing.kind === "until-close" && !old ? "in-chunks" : "as-received";
}
