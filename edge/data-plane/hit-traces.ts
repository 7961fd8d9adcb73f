import type { RequestHead } from "../../http/message/request-head.ts";
import type { Exchange, ExchangeEnd } from "../../http/server/exchange.ts";
import type { Peer } from "../../http/server/peer.ts";
import type { TraceContext } from "../../process/tracing/trace-context.ts";
import type { Served } from "../cache/answer.ts";
import type { HitLines } from "./hit-lines.ts";
import type { HitNote, HitNotes } from "./hit-notes.ts";
import type { RequestTraces } from "./request-traces.ts";

/** The spans of the hits of one connection, and their lines in the access log if there is one. */
export class HitTraces implements HitNotes {
  readonly #traces: RequestTraces;
  readonly #peer: Peer;
  readonly #lines: HitLines | undefined;
  #rules: Served["rules"];
  #fields: RequestHead["fields"] | undefined;
  #parent: TraceContext | undefined;

  constructor(traces: RequestTraces, peer: Peer, lines: HitLines | undefined) {
    this.#traces = traces;
    this.#peer = peer;
    this.#lines = lines;
  }

  set rules(rules: Served["rules"]) {
    this.#rules = rules;
    if (this.#lines !== undefined) this.#lines.rules = rules;
  }

  hit(
    request: RequestHead,
    status: number,
    bytes: number,
    left: number,
    form?: Served["form"],
  ): HitNote | undefined {
    const span = this.#traces.hit(request, this.#peer, this.#parentOf(request));
    const line = this.#lines?.hit(request, status, bytes, left, form, span?.context.traceId);
    if (span === undefined) return line;
    const outcome = { kind: "hit", ttl: left, detail: form } as const;
    const answer = { status, outcome, form, rules: this.#rules };
    const note = new TracedHit((end) => this.#traces.hitEnded(span, answer, bytes, end), line);
    // By then it has been written, and it is known whether its client was slow to take it.
    queueMicrotask(() => note.written());
    return note;
  }

  /** A client repeats its fields, so what they say is found once. */
  #parentOf(request: RequestHead): TraceContext | undefined {
    if (this.#fields !== request.fields) {
      this.#fields = request.fields;
      this.#parent = this.#traces.parentOf(request, this.#peer);
    }
    return this.#parent;
  }
}

class TracedHit implements HitNote {
  readonly #end: (end: ExchangeEnd) => void;
  readonly #line: HitNote | undefined;
  #isWaiting = false;

  constructor(end: (end: ExchangeEnd) => void, line: HitNote | undefined) {
    this.#end = end;
    this.#line = line;
  }

  written(): void {
    if (!this.#isWaiting) this.#end("answered");
  }

  waits(exchange: Exchange): void {
    this.#isWaiting = true;
    this.#line?.waits(exchange);
    const { onEnd } = exchange;
    exchange.onEnd = (end) => {
      onEnd?.(end);
      this.#end(end);
    };
  }
}
