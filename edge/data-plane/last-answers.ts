import type { HttpDate } from "../../http/server/date-field.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { withOwnLines } from "../../http/server/own-lines.ts";
import type { Served } from "../cache/answer.ts";
import type { CacheContext } from "../cache/context.ts";
import { failureAnswer } from "../cache/error-answer.ts";
import { wholeResponse } from "./response-head.ts";

/** Answers that the data port makes by itself. Each is the last one of its connection. */
export class LastAnswers {
  readonly #edge: Pick<CacheContext, "id" | "log" | "counters">;
  readonly #date: HttpDate;

  constructor(edge: Pick<CacheContext, "id" | "log" | "counters">, date: HttpDate) {
    this.#edge = edge;
    this.#date = date;
  }

  /** The text of an answer, which is counted. `site`: undefined when none answers. `lines`: of the edge's own. */
  text(site: string | undefined, served: Served, headOnly: boolean, lines = ""): string {
    this.#edge.counters.answered(site, served.outcome, served.status);
    const method = headOnly ? "HEAD" : "GET";
    const answer = wholeResponse(served, { edge: this.#edge.id, method, date: this.#date.value });
    return withOwnLines(answer, lines);
  }

  fault(thrown: unknown, exchange: Exchange | undefined): string {
    this.#edge.log.error({ err: thrown }, "fault");
    const served = failureAnswer(thrown, "request", this.#edge);
    return this.text(undefined, served, exchange?.request.method === "HEAD");
  }
}
