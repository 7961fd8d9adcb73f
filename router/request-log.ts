import { hostname } from "node:os";
import { AccessLog, type AccessLogParts } from "../http/access-log/access-log.ts";
import { type AccessLogValues, accessLogForm } from "../http/access-log/access-settings.ts";
import { REQUEST_ID } from "../http/access-log/request-id.ts";
import type { RefusedRequest } from "../http/message/refusal.ts";
import type { Exchange, ExchangeEnd } from "../http/server/exchange.ts";
import type { Peer } from "../http/server/peer.ts";
import type { TrustedProxies } from "../http/server/trusted-proxies.ts";
import type { Clock } from "../process/clock.ts";
import { askedBy } from "./asked-by.ts";
import type { ForwardNote } from "./forward/forward-note.ts";
import type { RouterField } from "./request-log-fields.ts";
import type { RequestOutcome } from "./request-outcome.ts";

// nginx's status for a client that left before it was answered.
const CLIENT_LEFT = 499;
const NO_ANSWER = 0;

/** Of the answer, when the request has ended so. */
export function statusAt({ status }: Exchange, end: ExchangeEnd): number {
  return status ?? (end === "client-left" ? CLIENT_LEFT : NO_ANSWER);
}

export interface RequestLogParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly proxies: TrustedProxies;
  readonly values: AccessLogValues;
  /** Takes lines to where they go; undefined: there are none. */
  readonly logTo: AccessLogParts["take"] | undefined;
}

/** The access log of the port for clients. */
export class RequestLog {
  readonly #parts: RequestLogParts;
  readonly #log: AccessLog | undefined;
  readonly #router = hostname();
  readonly #notes = new WeakMap<Exchange, ForwardNote>();

  constructor(parts: RequestLogParts) {
    this.#parts = parts;
    const form = accessLogForm(parts.values);
    const { logTo: take } = parts;
    if (form !== undefined && take !== undefined) this.#log = new AccessLog(form, { ...parts, take });
  }

  /** Whether requests get identifiers. */
  get names(): boolean {
    return this.#log !== undefined;
  }

  /** The identifier of a request; undefined: it gets none. */
  idOf({ request, peer }: Exchange): string | undefined {
    const given = peer.trusted ? request.fields.section.get(REQUEST_ID) : undefined;
    return this.#log?.ids.of(given);
  }

  began(exchange: Exchange, note: ForwardNote): void {
    if (this.#log !== undefined) this.#notes.set(exchange, note);
  }

  ended(exchange: Exchange, end: ExchangeEnd, outcome: RequestOutcome): void {
    const log = this.#log;
    const note = this.#notes.get(exchange);
    const status = statusAt(exchange, end);
    if (note === undefined || log?.wants(status, end) !== true) return;
    const { request, arrivedAt, contentBytes: bytes } = exchange;
    const { answeredAt } = note;
    const { proxies, clock } = this.#parts;
    const repeated = log.repeated(askedBy(exchange, proxies, note.trace?.traceId));
    const ending = log.ending(repeated, {
      status,
      durationMs: clock.monotonic() - arrivedAt,
      firstByteMs: answeredAt === undefined ? undefined : answeredAt - arrivedAt,
      end,
      more: log.members<RouterField>([
        ["router", this.#router],
        ["outcome", outcome],
        ["edge", note.edge],
        ["tries", note.tries],
        ["hedged", note.hedged],
        ["tunnel", exchange.switched ? exchange.tunnel : undefined],
      ]),
    });
    log.write(ending, { requestId: note.requestId ?? log.ids.next(), target: request.path, bytes });
  }

  /** Bytes that are no request, or an unfinished one. */
  refused({ status, detail }: RefusedRequest, { client, tls }: Peer): void {
    const log = this.#log;
    if (log === undefined) return;
    const outcome = "refused" satisfies RequestOutcome;
    const more = log.members<RouterField>([
      ["router", this.#router],
      ["outcome", outcome],
      ["detail", detail],
    ]);
    const result = { status, durationMs: 0, firstByteMs: 0, end: "answered", more } as const;
    const ending = log.ending(log.repeated({ client, tls }), result);
    log.write(ending, { requestId: log.ids.next(), target: undefined, bytes: 0 });
  }

  /** Hands over the last lines. */
  close(): void {
    this.#log?.close();
  }
}
