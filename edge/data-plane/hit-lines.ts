import type { AccessEntry, AccessResult } from "../../http/access-log/access-entry.ts";
import type { Ending, Repeated } from "../../http/access-log/access-line.ts";
import type { AccessLog } from "../../http/access-log/access-log.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import type { Clock } from "../../process/clock.ts";
import type { Served } from "../cache/answer.ts";
import type { HitIds } from "./hit-ids.ts";
import type { HitNote, HitNotes, LoggedAnswer } from "./hit-notes.ts";

/** The request fields that the text of a line depends on. */
const SAID: ReadonlySet<string> = new Set([
  "referer",
  "traceparent",
  "user-agent",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

interface HitLineParts {
  /** `trace`: the one that is recorded of it. */
  readonly repeated: (request: RequestHead, trace?: string) => Repeated;
  readonly ids: HitIds;
  readonly more: (answer: LoggedAnswer) => string;
  /** Another number once the sites were replaced. */
  readonly generation: () => number;
}

/** A line that has been given to the log, and what it was made of. */
class HitLine implements HitNote {
  readonly #lines: HitLines;
  readonly line: number;
  readonly repeated: Repeated;
  readonly entry: AccessEntry;
  readonly result: AccessResult;

  constructor(lines: HitLines, line: number, repeated: Repeated, entry: AccessEntry, result: AccessResult) {
    this.#lines = lines;
    this.line = line;
    this.repeated = repeated;
    this.entry = entry;
    this.result = result;
  }

  waits(exchange: Exchange): void {
    this.#lines.waits(this, exchange);
  }
}

/** The lines of the hits of one connection. */
export class HitLines implements HitNotes {
  readonly #log: AccessLog;
  readonly #clock: Clock;
  readonly #parts: HitLineParts;
  #generation = Number.NaN;
  #fields: RequestHead["fields"] | undefined;
  /** None of the fields with these names is in a line. */
  #unsaid: ReadonlySet<string> | undefined;
  #host: string | undefined;
  #method = "";
  #repeated: Repeated | undefined;
  /** Of the next hit. */
  rules: Served["rules"];
  #lastRules: Served["rules"];
  #left = Number.NaN;
  #form: Served["form"];
  #result: AccessResult | undefined;
  #ending: Ending | undefined;

  constructor(log: AccessLog, clock: Clock, parts: HitLineParts) {
    this.#log = log;
    this.#clock = clock;
    this.#parts = parts;
  }

  /** `trace`: the one that is recorded of it. undefined is returned when no line is written. */
  hit(
    request: RequestHead,
    status: number,
    bytes: number,
    left: number,
    form?: Served["form"],
    trace?: string,
  ): HitNote | undefined {
    if (!this.#log.wants(status, "answered")) return undefined;
    const repeated = trace === undefined ? this.#repeatedFor(request) : this.#parts.repeated(request, trace);
    const result = this.#resultOf(status, left, form);
    if (this.#ending?.repeated !== repeated) this.#ending = undefined;
    this.#ending ??= this.#log.ending(repeated, result);
    const entry = { requestId: this.#parts.ids.of(request), target: request.path, bytes };
    return new HitLine(this, this.#log.write(this.#ending, entry), repeated, entry, result);
  }

  #repeatedFor(request: RequestHead): Repeated {
    const { fields, host, method } = request;
    const generation = this.#parts.generation();
    const isKnown =
      this.#host === host &&
      this.#method === method &&
      this.#generation === generation &&
      this.#saysSame(fields);
    if (isKnown && this.#repeated !== undefined) return this.#repeated;
    this.#fields = fields;
    this.#host = host;
    this.#method = method;
    this.#generation = generation;
    this.#repeated = this.#parts.repeated(request);
    return this.#repeated;
  }

  /** Whether these fields make the same text as the last ones: a router gives each request another X-Request-Id. */
  #saysSame(fields: RequestHead["fields"]): boolean {
    const last = this.#fields;
    if (last === fields) return true;
    const { root, changed } = fields;
    if (last === undefined || root === undefined || root !== (last.root ?? last)) return false;
    return changed === this.#unsaid || (changed !== undefined && this.#isUnsaid(changed));
  }

  #isUnsaid(changed: ReadonlySet<string>): boolean {
    if (!changed.isDisjointFrom(SAID)) return false;
    this.#unsaid = changed;
    return true;
  }

  #resultOf(status: number, left: number, form: Served["form"]): AccessResult {
    const last = this.#result;
    const { rules } = this;
    const isSame = this.#left === left && this.#form === form && this.#lastRules === rules;
    if (isSame && last?.status === status) return last;
    this.#lastRules = rules;
    this.#left = left;
    this.#form = form;
    this.#ending = undefined;
    const more = this.#parts.more({ status, outcome: { kind: "hit", ttl: left, detail: form }, form, rules });
    this.#result = { status, durationMs: 0, firstByteMs: 0, end: "answered", more };
    return this.#result;
  }

  /** The line is written when `exchange` is over. */
  waits({ line, repeated, entry, result }: HitLine, exchange: Exchange): void {
    if (!this.#log.takeBack(line)) return;
    const since = this.#clock.monotonic();
    const { onEnd } = exchange;
    exchange.onEnd = (end) => {
      onEnd?.(end);
      const durationMs = this.#clock.monotonic() - since;
      this.#log.write(this.#log.ending(repeated, { ...result, end, durationMs }), entry);
    };
  }
}
