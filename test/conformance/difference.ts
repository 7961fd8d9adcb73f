import type { Case, Exchange, FieldLine, Interim } from "./case.ts";
import type { Answer } from "./client.ts";
import { fieldValue, type Moment, valueText } from "./field-values.ts";
import { bodyOf, REPLY_NUMBER, type Seen } from "./scripted-origin.ts";

/** One exchange as it went. */
export interface Course {
  readonly script: Case;
  /** From 1. */
  readonly number: number;
  readonly exchange: Exchange;
  readonly answer: Answer;
  /** The origin's requests that it caused. */
  readonly seen: readonly Seen[];
  readonly moment: Moment;
}

/** In one line, the first thing that is not as expected; undefined when all is. */
export function difference(course: Course): string | undefined {
  return (
    sourceDifference(course) ??
    statusDifference(course) ??
    answerDifference(course) ??
    interimDifference(course) ??
    passingDifference(course) ??
    requestDifference(course) ??
    bodyDifference(course)
  );
}

function sourceDifference({ exchange, answer, number, seen }: Course): string | undefined {
  const { from, alsoAsked } = exchange.expect ?? {};
  const stamp = fieldValue(answer.raw, REPLY_NUMBER);
  const asked = seen.length > 0;
  if (from === undefined) return undefined;
  switch (from) {
    case "cache":
      // Without a stamp, only an answer that carries no stored fields can be one of the cache.
      if (stamp === undefined && answer.status !== 304) return `${answer.status}, not from the cache`;
      if (Number(stamp) >= number || (asked && alsoAsked !== true))
        return "it comes from the origin, not from the cache";
      return alsoAsked === true && !asked ? "the origin is not asked" : undefined;
    case "origin":
      return Number(stamp) === number
        ? undefined
        : `it comes from ${stamp === undefined ? "the edge itself" : "the cache"}, not from the origin`;
    case "validation":
      return seen.some(({ answered }) => answered === "304")
        ? undefined
        : `the origin is ${asked ? "asked without the condition" : "not asked"}`;
  }
}

function statusDifference({ exchange, answer }: Course): string | undefined {
  const scripted =
    exchange.reply === undefined || exchange.reply === "disconnect" ? undefined : exchange.reply.status;
  const wanted = exchange.expect?.status ?? scripted ?? 200;
  return wanted === "any" || wanted === answer.status
    ? undefined
    : `the status is ${answer.status}, not ${wanted}`;
}

function answerDifference({ exchange, answer, moment }: Course): string | undefined {
  const { fields = [], present = [], absent = [], above } = exchange.expect ?? {};
  const names = typeof above === "object" ? [...present, above[0]] : present;
  for (const name of names) if (fieldValue(answer.raw, name) === undefined) return `${name} is absent`;
  for (const entry of absent) {
    const [name, value] = typeof entry === "string" ? [entry, undefined] : entry;
    const got = fieldValue(answer.raw, name);
    if (got !== undefined && (value === undefined || got === value)) return `${name} is present: ${got}`;
  }
  if (above !== undefined && !(Number(fieldValue(answer.raw, above[0])) > above[1])) {
    return `${above[0]} is ${fieldValue(answer.raw, above[0])}, not more than ${above[1]}`;
  }
  return unequal(fields, answer.raw, moment, "");
}

function interimDifference({ exchange, answer }: Course): string | undefined {
  const { interim } = exchange.expect ?? {};
  if (interim === undefined) return undefined;
  const [wanted, got] = [interim, answer.interim].map((list) => list.map(interimText).join("; "));
  return wanted === got ? undefined : `the interim responses are "${got}", not "${wanted}"`;
}

function interimText({ status, fields = {} }: Interim): string {
  return `${status} ${JSON.stringify(fields)}`;
}

/** What the origin sent in this exchange reaches the client as it is, but for what a cache may change. */
function passingDifference({ exchange, answer, seen }: Course): string | undefined {
  const { reply, expect } = exchange;
  const last = seen.at(-1);
  if (reply === undefined || reply === "disconnect" || last === undefined) return undefined;
  if (expect?.from === "cache" || expect?.status === "any") return undefined;
  for (const [name, , mayChange] of reply.fields ?? []) {
    if (mayChange !== undefined) continue;
    const [wanted, got] = [fieldValue(last.replied, name), fieldValue(answer.raw, name)];
    if (wanted !== got) return `${name} arrives as ${got}, not as the origin's ${wanted}`;
  }
  return undefined;
}

function requestDifference({ exchange, seen, moment }: Course): string | undefined {
  const { sent = [], notSent = [], sentMethod } = exchange.expect ?? {};
  const first = seen[0];
  if (first === undefined) {
    return sent.length > 0 || sentMethod !== undefined ? "the origin is not asked" : undefined;
  }
  if (sentMethod !== undefined && first.method !== sentMethod) return `the origin gets ${first.method}`;
  for (const name of notSent) {
    const got = fieldValue(first.raw, name);
    if (got !== undefined) return `the origin gets ${name}: ${got}`;
  }
  return unequal(sent, first.raw, moment, "the origin's ");
}

function bodyDifference({ exchange, answer, script }: Course): string | undefined {
  const { reply, request, expect } = exchange;
  const empty = answer.status === 204 || answer.status === 304 || request?.method === "HEAD";
  const scripted = reply === undefined || reply === "disconnect" ? undefined : reply.body;
  const wanted = expect?.body ?? (empty ? "" : (scripted ?? bodyOf(script)));
  if (wanted === "any" || expect?.status === "any" || wanted === answer.body) return undefined;
  return `the body is "${answer.body}", not "${wanted}"`;
}

function unequal(
  lines: readonly FieldLine[],
  raw: readonly string[],
  moment: Moment,
  whose: string,
): string | undefined {
  for (const [name, value] of lines) {
    const [wanted, got] = [valueText(value, moment), fieldValue(raw, name)];
    if (wanted !== got) return `${whose}${name} is ${got}, not ${wanted}`;
  }
  return undefined;
}
