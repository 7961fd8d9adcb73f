import type { ClientConnection, ConnectionFault } from "../../http/client/client-connection.ts";
import type { Framing } from "../../http/message/message-framing.ts";
import { isSafe } from "../../http/message/methods.ts";
import type { ResponseHead } from "../../http/message/response-head.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { methodSpan } from "../../process/tracing/http-method.ts";
import type { Span } from "../../process/tracing/tracer.ts";
import type { FleetEdge } from "../fleet/fleet-edge.ts";
import { attemptAttributes } from "./attempt-attributes.ts";
import { BodyUpload } from "./body-upload.ts";
import type { EdgePool, EdgeUser } from "./edge-pool.ts";
import type { ForwardNote } from "./forward-note.ts";
import { type ProtocolChange, protocolChange } from "./protocol-change.ts";
import { Relay, type RelayParts } from "./relay.ts";
import { type ClientLines, ownLines, requestHeadOut } from "./request-head-out.ts";
import { interimHeadOut } from "./response-head-out.ts";
import { RouterFailure, type RouterFailureCode } from "./router-failure.ts";

/** An attempt that failed before the client received any of its response. */
export interface FailedAttempt {
  readonly failure: RouterFailure;
  /** The edge may have seen the request. */
  readonly sent: boolean;
  /** It used a kept connection that the edge was closing. That is not a failure of the edge. */
  readonly stale: boolean;
}

/** The target of an attempt. */
export interface Destination {
  readonly edge: FleetEdge;
  readonly pool: EdgePool;
  /** Over a connection that has carried no request before. */
  readonly fresh: boolean;
}

/** Learns the result of an attempt. */
export interface AttemptOwner {
  readonly note: Pick<ForwardNote, "requestId" | "trace" | "part">;
  /** The head of an interim response, for the client. */
  interim(attempt: Attempt, head: string): void;
  /** The response has begun. The other attempt, if any, is no longer needed. */
  answering(attempt: Attempt): void;
  /** The edge has answered to a request for a tunnel. */
  tunnel(outcome: "opened" | "declined"): void;
  /** The whole response has been given to the client's connection. */
  relayed(attempt: Attempt): void;
  failed(attempt: Attempt, how: FailedAttempt): void;
  /** The response broke off after its head. */
  cut(attempt: Attempt, failure: RouterFailure): void;
  /** The client's body is malformed. */
  malformedBody(why: string): void;
  /** Something threw. */
  faulted(thrown: unknown): void;
}

export interface AttemptParts extends RelayParts {
  readonly lines: ClientLines;
}

type Stage =
  /** No connection yet: nothing has been sent. */
  | { readonly kind: "connecting" }
  | { readonly kind: "waiting" }
  | { readonly kind: "relaying"; readonly relay: Relay }
  | { readonly kind: "over" };

const CONNECTING: Stage = { kind: "connecting" };
const WAITING: Stage = { kind: "waiting" };
const OVER: Stage = { kind: "over" };

/** Whether the request may be sent to another edge until one answers: it is safe, and has no body. */
export function canBeRepeated({ request, body, tunnel }: Exchange): boolean {
  // Nothing of what belongs to a tunnel has been sent before the edge agrees to it.
  return (body === undefined || tunnel !== undefined) && isSafe(request.method);
}

/** Why an attempt fails without a fault of the client or the router. */
export const EDGE_FAULTS = ["edge-unreachable", "edge-broke-off", "edge-rubbish"] as const;
type EdgeFault = (typeof EDGE_FAULTS)[number];

const FAULTS: Readonly<Record<ConnectionFault["kind"], EdgeFault>> = {
  unreachable: "edge-unreachable",
  "broke-off": "edge-broke-off",
  malformed: "edge-rubbish",
};

/** One try of a request at one edge: sends it, and relays the response as it arrives. */
export class Attempt implements EdgeUser {
  readonly edge: FleetEdge;
  readonly #id: string;
  readonly #rttMs: number;
  readonly #pool: EdgePool;
  readonly #exchange: Exchange;
  readonly #parts: AttemptParts;
  readonly #owner: AttemptOwner;
  readonly #beganAt: number;
  readonly #connection: ClientConnection<EdgeUser>;
  #stage: Stage = CONNECTING;
  /** The request's body, if it has one. */
  readonly #upload: BodyUpload | undefined;
  readonly #span: Span | undefined;
  /** What the client asks for beyond a response. */
  readonly #change: ProtocolChange | undefined;

  /** Uses a kept connection if there is one. With `fresh` always uses a new one. */
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
    this.#span = owner.note.part(methodSpan(exchange.request.method), {
      kind: "client",
      attributes: attemptAttributes(exchange.request, edge.id, pool.address),
    });
    edge.traffic.began();
    exchange.timeouts.waitFor("answerer", now);
    // A tunnel does not give its connection back.
    this.#connection = pool.take(this, now, fresh || exchange.tunnel !== undefined);
    const { body } = exchange;
    this.#change = protocolChange(exchange);
    this.#upload = body === undefined ? undefined : new BodyUpload(exchange, body, this.#connection);
  }

  /** Sends the request if the connection is ready; else `connected` sends it. */
  begin(): void {
    if (this.#connection.ready) this.connected();
  }

  /** The edge's id. */
  get id(): string {
    return this.#id;
  }

  /** Whether the client has received none of the response. */
  get waiting(): boolean {
    return this.#stage.kind === "connecting" || this.#stage.kind === "waiting";
  }

  connected(): void {
    this.#stage = WAITING;
    const exchange = this.#exchange;
    const { requestId, trace } = this.#owner.note;
    const named = ownLines(requestId, this.#span?.context ?? trace);
    const lines = named + this.#parts.lines.of(exchange).lines + (this.#change?.lines ?? "");
    const head = requestHeadOut(exchange.request, lines, this.#pool.address);
    if (this.#change !== undefined) {
      this.#connection.send(exchange.request.method, head, this.#change.protocol);
      return;
    }
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

  /** Call it when more of the request's body has arrived. */
  moreBody(): void {
    if (this.#exchange.switched) this.#exchange.timeouts.passed(this.#parts.clock.monotonic());
    if (this.#stage.kind !== "connecting") this.#uploadMore();
  }

  interim(head: ResponseHead): void {
    if (this.#stage.kind === "waiting") this.#owner.interim(this, interimHeadOut(head));
  }

  head(head: ResponseHead, framing: Framing): void {
    if (this.#stage.kind !== "waiting") return;
    const now = this.#parts.clock.monotonic();
    if (this.#change?.accepts(head) === false) {
      this.#fail("edge-rubbish", "its answer does not fit the key of the WebSocket");
      return;
    }
    this.#span?.set({ "http.response.status_code": head.status });
    if (!this.#connection.reused) this.#pool.learn(head.raw);
    this.edge.traffic.answered(now, now - this.#beganAt);
    this.#owner.answering(this);
    const edge = { id: this.#id, rttMs: this.#rttMs };
    const lines = this.#pool.linesOf(this.#connection);
    const relay = new Relay(this.#exchange, this.#connection, this.#parts, { edge, head, framing, lines });
    this.#stage = { kind: "relaying", relay };
    if (this.#change !== undefined) this.#owner.tunnel(this.#exchange.switched ? "opened" : "declined");
    if (!this.#exchange.switched) return;
    // It is open for hours, and hardly any work for the edge.
    this.edge.traffic.ended(true);
    this.#uploadMore();
  }

  body(received: Buffer, content: readonly Buffer[]): void {
    if (this.#stage.kind === "relaying") this.#stage.relay.body(received, content);
  }

  trailers(raw: readonly string[]): void {
    if (this.#stage.kind === "relaying") this.#stage.relay.trailers(raw);
  }

  readOver(): void {
    if (this.#stage.kind === "relaying") this.#stage.relay.readOver();
  }

  /** Call it when the client has taken all that was sent. */
  clientDrained(): void {
    if (this.#stage.kind === "relaying") this.#stage.relay.clientDrained();
  }

  whole(excess: boolean): void {
    if (this.#stage.kind !== "relaying") return;
    this.#stage.relay.whole();
    const now = this.#parts.clock.monotonic();
    // The response itself is whole. But an edge that sends more than was asked for is not to be trusted.
    if (excess) this.edge.traffic.failed(now, "rubbish");
    this.#end();
    this.#connection.release(this.#upload?.whole !== false && !excess, now);
    this.#owner.relayed(this);
  }

  faulted(thrown: unknown): void {
    this.#owner.faulted(thrown);
  }

  failed(fault: ConnectionFault): void {
    this.#fail(FAULTS[fault.kind], fault.why, fault.kind === "malformed" ? undefined : fault.cause);
  }

  /** Moves on if the request can be repeated. Otherwise the connection shows whether the edge is really dead. */
  edgeDied(why: string): void {
    const nothingSent = this.#stage.kind === "connecting";
    if (this.waiting && (nothingSent || canBeRepeated(this.#exchange))) this.#fail("edge-unreachable", why);
  }

  /** A time limit has passed, the client has left, or another edge answered first. Does not call the owner. */
  cancel(failure?: RouterFailureCode): void {
    if (this.#stage.kind === "over") return;
    this.#span?.end(failure ?? "cancelled");
    if (failure === "edge-silent") this.edge.traffic.failed(this.#parts.clock.monotonic(), "failed");
    this.#end();
    this.#connection.destroy();
  }

  #fail(code: EdgeFault, why: string, cause?: unknown): void {
    const { kind } = this.#stage;
    if (kind === "over") return;
    this.#span?.end(code);
    const stale = code === "edge-broke-off" && kind === "waiting" && this.#connection.reused;
    // An answer or a tunnel that has begun may have been broken off by the origin, which says nothing of the edge.
    const mayBeOrigin = kind === "relaying" && code === "edge-broke-off";
    if (!stale && !mayBeOrigin)
      this.edge.traffic.failed(this.#parts.clock.monotonic(), code === "edge-rubbish" ? "rubbish" : "failed");
    this.#end();
    this.#connection.destroy();
    const failure = new RouterFailure(code, `${this.#id} (${this.#pool.address}): ${why}`, cause);
    if (kind === "relaying") this.#owner.cut(this, failure);
    else this.#owner.failed(this, { failure, sent: kind === "waiting", stale });
  }

  #end(): void {
    const answered = this.#stage.kind === "relaying";
    this.#stage = OVER;
    this.#span?.end();
    if (!this.#exchange.switched) this.edge.traffic.ended(answered);
  }

  #uploadMore(): void {
    if (this.#upload === undefined || this.#upload.whole) return;
    // What a client says before the edge has agreed waits. If the edge does not agree, nobody reads it.
    if (this.#change !== undefined && !this.#exchange.switched) return;
    this.#waitWhileSending("answerer");
    const rest = this.#upload.go();
    if (rest.kind === "client-slow") this.#waitWhileSending("sender");
    if (rest.kind === "malformed") this.#owner.malformedBody(rest.why);
  }

  /** Once the response has begun, only its own progress counts. */
  #waitWhileSending(party: "answerer" | "sender"): void {
    if (this.#stage.kind === "waiting") {
      this.#exchange.timeouts.waitFor(party, this.#parts.clock.monotonic());
    }
  }
}
