import type { HttpDate } from "../../http/server/date-field.ts";
import type { Abandoned, Answerer, Exchange } from "../../http/server/exchange.ts";
import type { Clock } from "../../process/clock.ts";
import type { RetryBudget } from "../choose/retry-budget.ts";
import { routeRequest } from "../choose/route-request.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetEdge } from "../fleet/fleet-edge.ts";
import {
  Attempt,
  type AttemptOwner,
  canBeRepeated,
  type Destination,
  type FailedAttempt,
} from "./attempt.ts";
import type { EdgePools } from "./edge-pools.ts";
import type { ForwardNote } from "./forward-note.ts";
import type { ClientLines } from "./request-head-out.ts";
import { RouterFailure, type RouterFailureCode } from "./router-failure.ts";

/** Maps the reason why the server ends an exchange to a failure of the router: its code, and its message for the log. */
const ABANDONED: Readonly<Record<Abandoned, readonly [code: RouterFailureCode, message: string]>> = {
  answerer: ["edge-silent", "waited too long for the edge"],
  answer: ["edge-silent", "waited too long for the answer"],
  sender: ["sender-slow", "waited too long for the sender"],
  tunnel: ["edge-silent", "both sides of the tunnel were silent for too long"],
  reader: ["reader-stalled", "waited too long for the reader"],
  "client-left": ["client-left", "the client closed its connection"],
  stopping: ["stopping", "stopped"],
  fault: ["internal", "a fault of the router"],
};

/** The result of forwarding a request. */
export type Forwarded =
  | { readonly kind: "relayed"; readonly edge: string }
  /** The client has received part of a response. */
  | { readonly kind: "cut"; readonly edge: string; readonly failure: RouterFailure }
  /** The client has received nothing. */
  | { readonly kind: "unanswered"; readonly failure: RouterFailure };

export interface ForwardingParts {
  readonly fleet: Fleet;
  readonly pools: EdgePools;
  readonly clock: Clock;
  readonly date: HttpDate;
  readonly lines: ClientLines;
  readonly budget: RetryBudget;
  /** Send the request to a second edge when the first takes longer than usual. */
  readonly hedge: boolean;
  /** The field with the client's region, in lower case. */
  readonly regionField: string | undefined;
  /** Called when the request is retried, at another edge or at the same one. */
  readonly retried: (edge: string, failure: RouterFailure) => void;
  /** Called when the retry budget does not allow a retry. */
  readonly retryRefused: () => void;
  /** Called when the request is also sent to this edge. */
  readonly hedged: (edge: string) => void;
  /** Called when an edge has answered to a request for a tunnel. */
  readonly tunnel: (outcome: "opened" | "declined") => void;
  readonly over: (exchange: Exchange, forwarded: Forwarded) => void;
}

// A request that crashes every edge must not reach them all. Refused connections do not count.
const MAX_SENT = 3;

/**
 * Tries the edges in the order of the choice until one begins to answer:
 * - A kept connection breaks: the edge may have closed it just then, so the request is repeated over a fresh one.
 * - A fresh connection breaks: the edge gets a second try after the others.
 * - With hedging, an edge takes longer than usual: a second edge gets the request too, and the first response wins.
 * All this only if the request may be sent twice, and within the retry budget.
 */
export class Forwarding implements Answerer, AttemptOwner {
  readonly #exchange: Exchange;
  readonly #parts: ForwardingParts;
  #queue: FleetEdge[] = [];
  #attempt: Attempt | undefined;
  #hedge: Attempt | undefined;
  #hedgeTimer: NodeJS.Timeout | undefined;
  #sent = 0;
  #last: RouterFailure | undefined;
  readonly note: ForwardNote;

  constructor(exchange: Exchange, parts: ForwardingParts, note: ForwardNote) {
    this.note = note;
    this.#exchange = exchange;
    this.#parts = parts;
    exchange.answerer = this;
    parts.budget.request();
  }

  begin(): void {
    this.#guarded(() => {
      const { fleet, regionField, hedge } = this.#parts;
      if (!this.#parts.lines.of(this.#exchange).fits) {
        const why = "the fields are within the limits, but not with those that the router adds";
        this.#end({ kind: "unanswered", failure: new RouterFailure("fields-too-large", why) });
        return;
      }
      const route = this.note.part("route");
      const { edges, reason } = fleet.choose(routeRequest(this.#exchange.request, regionField));
      route?.set({ "edgecache.edge": edges[0]?.id, "edgecache.choice": reason });
      route?.end();
      this.#queue = [...edges];
      this.#tryNext();
      if (hedge) this.#prepareHedge();
    });
  }

  moreBody(): void {
    this.#attempt?.moreBody();
  }

  clientDrained(): void {
    this.#attempt?.clientDrained();
  }

  abandon(why: Abandoned): void {
    // A tunnel may end at any time. Nothing of an answer is missing then.
    if (this.#exchange.switched && (why === "tunnel" || why === "stopping")) this.#endTunnel();
    else this.#giveUp(new RouterFailure(...ABANDONED[why]));
  }

  #endTunnel(): void {
    const id = this.#attempt?.id ?? "";
    this.#attempt?.cancel();
    this.#end({ kind: "relayed", edge: id });
  }

  #giveUp(failure: RouterFailure): void {
    const id = this.#attempt?.id ?? "";
    this.#attempt?.cancel(failure.code);
    this.#end(this.#exchange.begun ? { kind: "cut", edge: id, failure } : { kind: "unanswered", failure });
  }

  /** Of two attempts, only the first one relays interim responses, because the client sent one request. */
  interim(attempt: Attempt, head: string): void {
    if (attempt === this.#attempt) this.#exchange.interim(head);
  }

  answering(attempt: Attempt): void {
    clearTimeout(this.#hedgeTimer);
    const loser = attempt === this.#attempt ? this.#hedge : this.#attempt;
    this.#attempt = attempt;
    this.#hedge = undefined;
    loser?.cancel();
    this.note.edge = attempt.id;
    this.note.answeredAt = this.#parts.clock.monotonic();
  }

  tunnel(outcome: "opened" | "declined"): void {
    this.#parts.tunnel(outcome);
  }

  relayed(attempt: Attempt): void {
    this.#end({ kind: "relayed", edge: attempt.id });
  }

  cut(attempt: Attempt, failure: RouterFailure): void {
    this.#end({ kind: "cut", edge: attempt.id, failure });
  }

  malformedBody(why: string): void {
    this.#giveUp(new RouterFailure("body-malformed", why));
  }

  failed(attempt: Attempt, failed: FailedAttempt): void {
    const { failure, sent, stale } = failed;
    this.#last = failure;
    if (sent) this.#sent += 1;
    if (this.#survives(attempt)) return;
    // An edge that broke a fresh connection comes last.
    if (failure.code === "edge-broke-off" && !stale) this.#queue.push(attempt.edge);
    if (!this.#mayTryAgain(failed)) {
      this.#giveUpTrying();
      return;
    }
    this.#parts.retried(attempt.id, failure);
    const pool = stale ? this.#parts.pools.of(attempt.edge) : undefined;
    if (pool === undefined) this.#tryNext();
    else this.#start({ edge: attempt.edge, pool, fresh: true });
  }

  /** A bug of ours ends only this request. */
  faulted(thrown: unknown): void {
    this.#attempt?.cancel();
    this.#giveUp(new RouterFailure("internal", "a fault of the router", thrown));
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.faulted(thrown);
    }
  }

  #mayTryAgain({ sent, stale }: FailedAttempt): boolean {
    if (this.#sent >= MAX_SENT || (sent && !canBeRepeated(this.#exchange))) return false;
    if (!stale && this.#queue.length === 0) return false;
    if (this.#parts.budget.take(this.#parts.clock.monotonic())) return true;
    this.#parts.retryRefused();
    return false;
  }

  /** Whether the other attempt is still running after this one has failed. */
  #survives(failed: Attempt): boolean {
    const other = failed === this.#attempt ? this.#hedge : this.#attempt;
    this.#attempt = other;
    this.#hedge = undefined;
    return other !== undefined;
  }

  #tryNext(): void {
    const next = this.#take();
    if (next === undefined) this.#giveUpTrying();
    else this.#start(next);
  }

  /** The best edge that has not been tried and can be. */
  #take(): Destination | undefined {
    for (let edge = this.#queue.shift(); edge !== undefined; edge = this.#queue.shift()) {
      const pool = this.#parts.pools.of(edge);
      if (pool !== undefined) return { edge, pool, fresh: false };
    }
    return undefined;
  }

  #start(to: Destination): void {
    this.note.tries += 1;
    this.#attempt = new Attempt(to, this.#exchange, this.#parts, this);
    this.#attempt.begin();
  }

  #prepareHedge(): void {
    const { request, body } = this.#exchange;
    if (request.method !== "GET" || body !== undefined || this.#queue.length === 0) return;
    const usualMs = this.#attempt?.edge.traffic.p95Ms(this.#parts.clock.monotonic());
    if (usualMs !== undefined)
      this.#hedgeTimer = setTimeout(() => this.#guarded(() => this.#sendHedge()), usualMs);
  }

  #sendHedge(): void {
    if (this.#attempt?.waiting !== true || this.#hedge !== undefined) return;
    if (this.#queue.length === 0 || !this.#parts.budget.take(this.#parts.clock.monotonic())) return;
    const next = this.#take();
    if (next === undefined) return;
    this.#hedge = new Attempt(next, this.#exchange, this.#parts, this);
    this.note.tries += 1;
    this.note.hedged = true;
    this.#parts.hedged(this.#hedge.id);
    this.#hedge.begin();
  }

  #giveUpTrying(): void {
    const last = this.#last;
    const failure =
      last !== undefined && last.code !== "edge-unreachable"
        ? last
        : new RouterFailure("no-edge", "no edge could take the request", last);
    this.#end({ kind: "unanswered", failure });
  }

  #end(forwarded: Forwarded): void {
    clearTimeout(this.#hedgeTimer);
    this.#hedge?.cancel();
    this.#hedge = undefined;
    this.#attempt = undefined;
    this.#parts.over(this.#exchange, forwarded);
  }
}
