import type { RequestHead } from "../../http/message/request-head.ts";
import type { Exchange, ExchangeEnd } from "../../http/server/exchange.ts";
import type { Peer } from "../../http/server/peer.ts";
import type { ServerSpans } from "../../http/tracing/server-spans.ts";
import type { TraceContext } from "../../process/tracing/trace-context.ts";
import type { Span } from "../../process/tracing/tracer.ts";
import type { Addressing } from "./addressing.ts";
import { answerMembers } from "./answer-members.ts";
import { askedBy } from "./asked-by.ts";
import type { LoggedAnswer } from "./hit-notes.ts";
import type { NotedRequest } from "./noted-request.ts";
import type { EdgeField } from "./request-log-fields.ts";

/** The traces of a data port: one span for each request that is recorded. */
export class RequestTraces {
  readonly #spans: ServerSpans;
  readonly #addressing: Addressing;
  readonly #edge: string;

  constructor(spans: ServerSpans, addressing: Addressing, edge: string) {
    this.#spans = spans;
    this.#addressing = addressing;
    this.#edge = edge;
  }

  /** For a request on the full path: its span, or the names that it goes on with when it is not recorded. */
  began({ request, peer, arrivedAt }: Exchange): Span | TraceContext {
    const parent = this.parentOf(request, peer);
    if (!this.#spans.tracer.samples(parent)) return this.#spans.tracer.unsampled(parent);
    return this.#start(request, peer, parent, arrivedAt);
  }

  ended(span: Span, noted: NotedRequest, end: ExchangeEnd): void {
    const { answer, beganAt, bytes } = noted;
    if (beganAt !== undefined) span.event("first byte", {}, beganAt);
    this.#spans.end(span, noted.statusAt(end), bytes, end, this.#more(answer));
  }

  /** The trace that a trusted proxy has put a request into. */
  parentOf({ fields }: RequestHead, peer: Peer): TraceContext | undefined {
    return this.#spans.parentOf(fields.section, peer);
  }

  /** For one that is answered at once; undefined: it is not recorded. */
  hit(request: RequestHead, peer: Peer, parent: TraceContext | undefined): Span | undefined {
    const { tracer } = this.#spans;
    return tracer.samples(parent) ? this.#start(request, peer, parent, tracer.now()) : undefined;
  }

  hitEnded(span: Span, answer: LoggedAnswer, bytes: number, end: ExchangeEnd): void {
    this.#spans.end(span, answer.status, bytes, end, this.#more(answer));
  }

  #start(request: RequestHead, peer: Peer, parent: TraceContext | undefined, at: number): Span {
    const asked = askedBy(request, peer, this.#addressing);
    const span = this.#spans.start(asked, request.path, parent, at);
    span.set(this.#spans.members<EdgeField>([["site", asked.site]]));
    return span;
  }

  #more(answer: LoggedAnswer | undefined) {
    const said = answer === undefined ? [] : answerMembers(answer);
    return this.#spans.members<EdgeField>([["edge", this.#edge], ...said]);
  }
}
