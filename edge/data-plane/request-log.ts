import type { AskedBy } from "../../http/access-log/access-entry.ts";
import type { Repeated } from "../../http/access-log/access-line.ts";
import type { AccessLog } from "../../http/access-log/access-log.ts";
import { REQUEST_ID, traceIdIn } from "../../http/access-log/request-id.ts";
import type { Fields } from "../../http/message/fields.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import type { Exchange, ExchangeEnd } from "../../http/server/exchange.ts";
import type { Peer } from "../../http/server/peer.ts";
import type { Clock } from "../../process/clock.ts";
import type { Addressing } from "./addressing.ts";
import { HitLines, type LoggedAnswer } from "./hit-lines.ts";
import type { EdgeField } from "./request-log-fields.ts";

// nginx's status for a client that left before it was answered.
const CLIENT_LEFT = 499;
const NO_ANSWER = 0;

/** The access log of a data port. */
export class RequestLog {
  readonly #log: AccessLog;
  readonly #addressing: Addressing;
  readonly #clock: Clock;
  readonly #edge: string;

  constructor(log: AccessLog, addressing: Addressing, { id, clock }: { id: string; clock: Clock }) {
    this.#log = log;
    this.#addressing = addressing;
    this.#clock = clock;
    this.#edge = id;
  }

  /** For a request on the full path. */
  began(exchange: Exchange): NotedRequest {
    const { request, peer } = exchange;
    const id = this.#log.ids.of(givenId(request.fields.section, peer));
    return new NotedRequest(exchange, id, (noted, end) => this.#ended(exchange, noted, end));
  }

  /** For the requests of one connection that are answered at once. */
  hits(peer: Peer): HitLines {
    return new HitLines(this.#log, this.#clock, {
      repeated: (request) => this.#repeated(request, peer),
      given: (fields) => givenId(fields, peer),
      more: (answer) => this.#more(answer),
      generation: () => this.#addressing.generation,
    });
  }

  /** Bytes that are no request, or an unfinished one. */
  refused(answer: LoggedAnswer, bytes: number, { client, tls }: Peer): void {
    const result = {
      status: answer.status,
      durationMs: 0,
      firstByteMs: 0,
      end: "answered",
      more: this.#more(answer),
    } as const;
    const ending = this.#log.ending(this.#log.repeated({ client, tls }), result);
    this.#log.write(ending, { requestId: this.#log.ids.next(), target: undefined, bytes });
  }

  close(): void {
    this.#log.close();
  }

  #ended(exchange: Exchange, noted: NotedRequest, end: ExchangeEnd): void {
    const { answer, beganAt } = noted;
    const status = answer?.status ?? (end === "client-left" ? CLIENT_LEFT : NO_ANSWER);
    if (!this.#log.wants(status, end)) return;
    const { request, peer, arrivedAt } = exchange;
    const ending = this.#log.ending(this.#repeated(request, peer), {
      status,
      durationMs: this.#clock.monotonic() - arrivedAt,
      firstByteMs: beganAt === undefined ? undefined : beganAt - arrivedAt,
      end,
      more: answer === undefined ? this.#log.members<EdgeField>([["edge", this.#edge]]) : this.#more(answer),
    });
    const bytes = noted.ownBytes + exchange.contentBytes;
    this.#log.write(ending, { requestId: noted.id, target: request.path, bytes });
  }

  #repeated({ method, host, fields: { section, version } }: RequestHead, peer: Peer): Repeated {
    const addressed = this.#addressing.of(section, host, peer);
    const asked: AskedBy = {
      client: this.#addressing.clientOf(section, peer),
      method,
      scheme: addressed?.scheme ?? peer.scheme,
      host: addressed?.authority ?? host,
      protocol: `HTTP/${version}`,
      tls: peer.tls,
      site: addressed?.site,
      referer: section.get("Referer"),
      userAgent: section.get("User-Agent"),
      traceId: traceIdIn(section.get("traceparent")),
    };
    return this.#log.repeated(asked);
  }

  /** The words are those of Cache-Status. */
  #more({ outcome, form, tunnel, rules = [], originMs }: LoggedAnswer): string {
    const { kind, detail } = outcome;
    return this.#log.members<EdgeField>([
      ["edge", this.#edge],
      ["outcome", kind],
      ["fwd", "fwd" in outcome ? outcome.fwd : undefined],
      ["fwd_status", "fwdStatus" in outcome ? outcome.fwdStatus : undefined],
      ["ttl", "ttl" in outcome && outcome.ttl !== undefined ? Math.floor(outcome.ttl) : undefined],
      ["stored", "stored" in outcome ? outcome.stored : undefined],
      ["collapsed", kind === "miss" ? outcome.collapsed : undefined],
      ["detail", detail],
      ["rules", rules.length === 0 ? undefined : rules.join(", ")],
      ["coding", form],
      ["tunnel", tunnel],
      ["origin", originMs === undefined ? undefined : Math.round(originMs) / 1000],
    ]);
  }
}

/** The identifier of a request, when a trusted proxy has given it one. */
function givenId(fields: Fields, { trusted }: Peer): string | undefined {
  return trusted ? fields.get(REQUEST_ID) : undefined;
}

/** What is known of a request before it is over. */
export class NotedRequest {
  readonly id: string;
  readonly #exchange: Exchange;
  readonly #over: (noted: NotedRequest, end: ExchangeEnd) => void;
  answer: LoggedAnswer | undefined;
  /** Monotonic milliseconds. */
  beganAt: number | undefined;
  /** Of content that went out with the head. */
  ownBytes = 0;

  constructor(exchange: Exchange, id: string, over: (noted: NotedRequest, end: ExchangeEnd) => void) {
    this.#exchange = exchange;
    this.id = id;
    this.#over = over;
    this.before(() => undefined);
  }

  began(answer: LoggedAnswer, now: number, ownBytes = 0): void {
    this.answer = answer;
    this.beganAt = now;
    this.ownBytes = ownBytes;
  }

  /** The line is written when the exchange is over, behind `act`. */
  before(act: () => void): void {
    this.#exchange.onEnd = (end) => {
      act();
      this.#over(this, end);
    };
  }
}
