import { hostname } from "node:os";
import type { RefusedRequest } from "../http/message/refusal.ts";
import type { Exchange, ExchangeEnd } from "../http/server/exchange.ts";
import type { Peer } from "../http/server/peer.ts";
import { ServerSpans } from "../http/tracing/server-spans.ts";
import type { Attributes } from "../process/tracing/span.ts";
import { Span, type Tracer } from "../process/tracing/tracer.ts";
import { askedBy } from "./asked-by.ts";
import { ForwardNote } from "./forward/forward-note.ts";
import { RequestLog, type RequestLogParts, statusAt } from "./request-log.ts";
import type { RouterField } from "./request-log-fields.ts";
import type { RequestOutcome } from "./request-outcome.ts";

export interface RequestNotesParts extends RequestLogParts {
  /** undefined: nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** What is kept of the requests of the port for clients: lines of the access log, traces, or both. */
export class RequestNotes {
  readonly #parts: RequestNotesParts;
  readonly #log: RequestLog;
  readonly #spans: ServerSpans | undefined;
  readonly #traced = new WeakMap<Exchange, Span>();
  readonly #router = hostname();

  constructor(parts: RequestNotesParts) {
    this.#parts = parts;
    this.#log = new RequestLog(parts);
    if (parts.tracer !== undefined) this.#spans = new ServerSpans(parts.tracer, parts.values.accessLogOmit);
  }

  /** Whether requests get identifiers. */
  get names(): boolean {
    return this.#log.names;
  }

  /** Whether requests are put into traces. */
  get traces(): boolean {
    return this.#spans !== undefined;
  }

  began(exchange: Exchange): ForwardNote {
    const traced = this.#trace(exchange);
    if (traced instanceof Span) this.#traced.set(exchange, traced);
    const note = new ForwardNote(
      this.#log.idOf(exchange),
      traced instanceof Span ? traced.context : traced,
      this.#parts.tracer,
    );
    this.#log.began(exchange, note);
    return note;
  }

  ended(exchange: Exchange, end: ExchangeEnd, outcome: RequestOutcome): void {
    this.#log.ended(exchange, end, outcome);
    const span = this.#traced.get(exchange);
    if (span === undefined) return;
    const more: Attributes =
      this.#spans?.members<RouterField>([
        ["router", this.#router],
        ["outcome", outcome],
      ]) ?? {};
    this.#spans?.end(span, statusAt(exchange, end), exchange.contentBytes, end, more);
  }

  /** Bytes that are no request, or an unfinished one: they have no span. */
  refused(refused: RefusedRequest, peer: Peer): void {
    this.#log.refused(refused, peer);
  }

  /** Hands over the last lines. */
  close(): void {
    this.#log.close();
  }

  #trace(exchange: Exchange) {
    const spans = this.#spans;
    if (spans === undefined) return undefined;
    const { request, peer, arrivedAt } = exchange;
    const parent = spans.parentOf(request.fields.section, peer);
    if (!spans.tracer.samples(parent)) return spans.tracer.unsampled(parent);
    return spans.start(askedBy(exchange, this.#parts.proxies), request.path, parent, arrivedAt);
  }
}
