import type { RequestHead } from "../../http/message/request-head.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import type { Served } from "../cache/answer.ts";

/** What is noted of an answer. */
export type LoggedAnswer = Pick<
  Served,
  "status" | "outcome" | "form" | "tunnel" | "rules" | "originMs" | "validates"
> &
  Partial<Pick<Served, "fields">>;

/** One hit that was noted. */
export interface HitNote {
  /** The client has not taken all of it yet: it is noted anew when `exchange` is over. */
  waits(exchange: Exchange): void;
}

/** Notes the hits of one connection: in the access log, in traces, or in both. */
export interface HitNotes {
  /** Of the next hit. */
  rules: Served["rules"];
  /** `left`: whole seconds of freshness. undefined: it is not noted. */
  hit(
    request: RequestHead,
    status: number,
    bytes: number,
    left: number,
    form?: Served["form"],
  ): HitNote | undefined;
}
