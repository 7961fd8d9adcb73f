import type { Repeated } from "../../http/access-log/access-line.ts";
import type { AccessLog } from "../../http/access-log/access-log.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import type { Exchange, ExchangeEnd } from "../../http/server/exchange.ts";
import type { Peer } from "../../http/server/peer.ts";
import type { Clock } from "../../process/clock.ts";
import type { Addressing } from "./addressing.ts";
import { answerMembers } from "./answer-members.ts";
import { askedBy } from "./asked-by.ts";
import type { HitIds } from "./hit-ids.ts";
import { HitLines } from "./hit-lines.ts";
import type { LoggedAnswer } from "./hit-notes.ts";
import type { NotedRequest } from "./noted-request.ts";
import type { EdgeField } from "./request-log-fields.ts";

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

  /** For the requests of one connection that are answered at once. */
  hits(peer: Peer, ids: HitIds): HitLines {
    return new HitLines(this.#log, this.#clock, {
      repeated: (request, trace) => this.#repeated(request, peer, trace),
      ids,
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

  /** For a request on the full path, which is over. */
  ended(exchange: Exchange, noted: NotedRequest, end: ExchangeEnd): void {
    const { answer, beganAt, names, bytes } = noted;
    const status = noted.statusAt(end);
    if (!this.#log.wants(status, end)) return;
    const { request, peer, arrivedAt } = exchange;
    const ending = this.#log.ending(this.#repeated(request, peer, names.trace?.traceId), {
      status,
      durationMs: this.#clock.monotonic() - arrivedAt,
      firstByteMs: beganAt === undefined ? undefined : beganAt - arrivedAt,
      end,
      more: answer === undefined ? this.#log.members<EdgeField>([["edge", this.#edge]]) : this.#more(answer),
    });
    const requestId = names.id ?? this.#log.ids.next();
    this.#log.write(ending, { requestId, target: request.path, bytes });
  }

  #repeated(request: RequestHead, peer: Peer, trace?: string): Repeated {
    return this.#log.repeated(askedBy(request, peer, this.#addressing, trace));
  }

  #more(answer: LoggedAnswer): string {
    return this.#log.members<EdgeField>([["edge", this.#edge], ...answerMembers(answer)]);
  }
}
