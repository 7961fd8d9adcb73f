import { AccessLog, type AccessLogParts } from "../../http/access-log/access-log.ts";
import { RequestIds } from "../../http/access-log/request-id.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import type { Peer } from "../../http/server/peer.ts";
import { ServerSpans } from "../../http/tracing/server-spans.ts";
import { Span } from "../../process/tracing/tracer.ts";
import type { CacheContext } from "../cache/context.ts";
import type { Addressing } from "./addressing.ts";
import { givenId, HitIds, idLine } from "./hit-ids.ts";
import type { HitNotes } from "./hit-notes.ts";
import { HitTraces } from "./hit-traces.ts";
import type { ServingConfig } from "./listener-config.ts";
import { NotedRequest } from "./noted-request.ts";
import { RequestLog } from "./request-log.ts";
import { RequestTraces } from "./request-traces.ts";
import { RequestWatch } from "./request-watch.ts";

interface NotesParts {
  readonly watch: RequestWatch;
  readonly log?: RequestLog | undefined;
  readonly traces?: RequestTraces | undefined;
  /** Whether clients are told the identifiers of their requests. */
  readonly tellsIds: boolean;
}

export interface ConnectionNotes {
  readonly notes: HitNotes | undefined;
  /** The identifiers that clients are told; undefined: none. */
  readonly told: HitIds | undefined;
}

/** What is kept of the requests of a data port: lines of its access log, traces, and some to be looked at. */
export class RequestNotes {
  readonly #watch: RequestWatch;
  readonly #log: RequestLog | undefined;
  readonly #traces: RequestTraces | undefined;
  /** undefined: requests have no identifiers. */
  readonly #ids: RequestIds | undefined;
  readonly #tellsIds: boolean;

  constructor({ watch, log, traces, tellsIds }: NotesParts) {
    this.#watch = watch;
    this.#log = log;
    this.#traces = traces;
    this.#ids = log === undefined && !tellsIds ? undefined : new RequestIds();
    this.#tellsIds = tellsIds;
  }

  /** For a request on the full path. */
  began(exchange: Exchange): NotedRequest {
    const traced = this.#traces?.began(exchange);
    const { request, peer } = exchange;
    const id = this.#ids?.of(givenId(request.fields.section, peer));
    const names = {
      id,
      line: this.#tellsIds && id !== undefined ? idLine(id) : "",
      trace: traced instanceof Span ? traced.context : traced,
    };
    return new NotedRequest(exchange, names, (noted, end) => {
      if (traced instanceof Span) this.#traces?.ended(traced, noted, end);
      this.#log?.ended(exchange, noted, end);
      this.#watch.ended(exchange, noted, end);
    });
  }

  /** For the requests of one connection that are answered at once. */
  hits(peer: Peer): ConnectionNotes {
    const ids = this.#ids && new HitIds(this.#ids, peer);
    const lines = ids && this.#log?.hits(peer, ids);
    const notes = this.#traces === undefined ? lines : new HitTraces(this.#traces, peer, lines);
    return { notes: this.#watch.hitsOf(peer, notes), told: this.#tellsIds ? ids : undefined };
  }

  /** Bytes that are no request, or an unfinished one: they have no span. */
  refused(...refused: Parameters<RequestLog["refused"]>): void {
    this.#log?.refused(...refused);
  }

  close(): void {
    this.#log?.close();
  }
}

type NotesConfig = Pick<ServingConfig, "accessLogForm" | "accessLogOmit" | "tracesForm" | "requestIdField">;

/** `logTo` takes lines to where they go. */
export function requestNotes(
  edge: Pick<CacheContext, "id" | "clock" | "tracer" | "seen">,
  addressing: Addressing,
  { accessLogForm, accessLogOmit: omit, tracesForm, requestIdField: tellsIds }: NotesConfig,
  logTo: AccessLogParts["take"] | undefined,
): RequestNotes {
  const { id, clock, tracer, seen } = edge;
  const watch = new RequestWatch(seen, addressing, { clock, omit });
  let log: RequestLog | undefined;
  if (accessLogForm !== undefined && logTo !== undefined) {
    const accessLog = new AccessLog(accessLogForm, { clock, random: Math.random, take: logTo });
    log = new RequestLog(accessLog, addressing, edge);
  }
  if (tracer === undefined || tracesForm === undefined) return new RequestNotes({ watch, log, tellsIds });
  const spans = new ServerSpans(tracer, tracesForm.omit);
  const traces = new RequestTraces(spans, addressing, id);
  return new RequestNotes({ watch, log, traces, tellsIds });
}
