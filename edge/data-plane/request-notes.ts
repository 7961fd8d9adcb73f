import { AccessLog, type AccessLogParts } from "../../http/access-log/access-log.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import type { Peer } from "../../http/server/peer.ts";
import { ServerSpans } from "../../http/tracing/server-spans.ts";
import { Span } from "../../process/tracing/tracer.ts";
import type { CacheContext } from "../cache/context.ts";
import type { Addressing } from "./addressing.ts";
import type { HitNotes } from "./hit-notes.ts";
import { HitTraces } from "./hit-traces.ts";
import type { ServingConfig } from "./listener-config.ts";
import { NotedRequest } from "./noted-request.ts";
import { RequestLog } from "./request-log.ts";
import { RequestTraces } from "./request-traces.ts";
import { RequestWatch } from "./request-watch.ts";

/** What is kept of the requests of a data port: lines of its access log, traces, and some to be looked at. */
export class RequestNotes {
  readonly #watch: RequestWatch;
  readonly #log: RequestLog | undefined;
  readonly #traces: RequestTraces | undefined;

  constructor(watch: RequestWatch, log: RequestLog | undefined, traces: RequestTraces | undefined) {
    this.#watch = watch;
    this.#log = log;
    this.#traces = traces;
  }

  /** For a request on the full path. */
  began(exchange: Exchange): NotedRequest {
    const traced = this.#traces?.began(exchange);
    const names = {
      id: this.#log?.idOf(exchange),
      trace: traced instanceof Span ? traced.context : traced,
    };
    return new NotedRequest(exchange, names, (noted, end) => {
      if (traced instanceof Span) this.#traces?.ended(traced, noted, end);
      this.#log?.ended(exchange, noted, end);
      this.#watch.ended(exchange, noted, end);
    });
  }

  /** For the requests of one connection that are answered at once. */
  hits(peer: Peer): HitNotes {
    const lines = this.#log?.hits(peer);
    const notes = this.#traces === undefined ? lines : new HitTraces(this.#traces, peer, lines);
    return this.#watch.hitsOf(peer, notes);
  }

  /** Bytes that are no request, or an unfinished one: they have no span. */
  refused(...refused: Parameters<RequestLog["refused"]>): void {
    this.#log?.refused(...refused);
  }

  close(): void {
    this.#log?.close();
  }
}

type NotesConfig = Pick<ServingConfig, "accessLogForm" | "accessLogOmit" | "tracesForm">;

/** `logTo` takes lines to where they go. */
export function requestNotes(
  edge: Pick<CacheContext, "id" | "clock" | "tracer" | "seen">,
  addressing: Addressing,
  { accessLogForm, accessLogOmit: omit, tracesForm }: NotesConfig,
  logTo: AccessLogParts["take"] | undefined,
): RequestNotes {
  const { id, clock, tracer, seen } = edge;
  const watch = new RequestWatch(seen, addressing, { clock, omit });
  let log: RequestLog | undefined;
  if (accessLogForm !== undefined && logTo !== undefined) {
    const accessLog = new AccessLog(accessLogForm, { clock, random: Math.random, take: logTo });
    log = new RequestLog(accessLog, addressing, edge);
  }
  if (tracer === undefined || tracesForm === undefined) return new RequestNotes(watch, log, undefined);
  const spans = new ServerSpans(tracer, tracesForm.omit);
  return new RequestNotes(watch, log, new RequestTraces(spans, addressing, id));
}
