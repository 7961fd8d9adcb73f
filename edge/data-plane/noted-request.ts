import type { Exchange, ExchangeEnd } from "../../http/server/exchange.ts";
import type { TraceContext } from "../../process/tracing/trace-context.ts";
import type { LoggedAnswer } from "./hit-notes.ts";

// nginx's status for a client that left before it was answered.
const CLIENT_LEFT = 499;
const NO_ANSWER = 0;

/** What a request is called. */
export interface RequestNames {
  /** In the access log, and for the origin; undefined: it has none. */
  readonly id: string | undefined;
  /** The field line that tells the client its identifier; "": the client is not told. */
  readonly line: string;
  /** The span of the request; undefined: there are no traces. */
  readonly trace: TraceContext | undefined;
}

/** What is known of a request before it is over. */
export class NotedRequest {
  readonly names: RequestNames;
  readonly #exchange: Exchange;
  readonly #over: (noted: NotedRequest, end: ExchangeEnd) => void;
  answer: LoggedAnswer | undefined;
  /** Monotonic milliseconds. */
  beganAt: number | undefined;
  /** Of content that went out with the head. */
  ownBytes = 0;

  constructor(
    exchange: Exchange,
    names: RequestNames,
    over: (noted: NotedRequest, end: ExchangeEnd) => void,
  ) {
    this.#exchange = exchange;
    this.names = names;
    this.#over = over;
    this.before(() => undefined);
  }

  began(answer: LoggedAnswer, now: number, ownBytes = 0): void {
    this.answer = answer;
    this.beganAt = now;
    this.ownBytes = ownBytes;
  }

  /** It is noted when the exchange is over, behind `act`. */
  before(act: () => void): void {
    this.#exchange.onEnd = (end) => {
      act();
      this.#over(this, end);
    };
  }

  /** When it has ended so. */
  statusAt(end: ExchangeEnd): number {
    return this.answer?.status ?? (end === "client-left" ? CLIENT_LEFT : NO_ANSWER);
  }

  /** Of content. */
  get bytes(): number {
    return this.ownBytes + this.#exchange.contentBytes;
  }
}
