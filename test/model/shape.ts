import { dateOf, fieldOf, type Lines, linesOf, membersOf, strongMatch, weakMatch } from "./message.ts";
import type { Answer, Question, Reply } from "./record.ts";
import { holds, lastOf, type Snapshot, type Span } from "./snapshot.ts";

// What a cache writes itself, or what is said of one connection only (RFC 9110 section 7.6.1).
const OF_THE_HOP = new Set([
  "age",
  "cache-status",
  "connection",
  "content-length",
  "keep-alive",
  "proxy-status",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  "x-cache",
]);

// RFC 9213 section 2: a cache that a field is aimed at need not pass it on.
const MAY_BE_DROPPED = new Set(["cdn-cache-control", "edgecache-cache-control", "surrogate-control"]);

// RFC 9110 section 15.4.5.
const IN_304 = ["Cache-Control", "Content-Location", "ETag", "Expires", "Vary"];

/** Names of fields, lower case, that a cache does not send although the origin did. */
export interface Withheld {
  readonly never: readonly string[];
  /** It may have dropped them before it was allowed to send them. */
  readonly perhaps: readonly string[];
}

const NOTHING_WITHHELD: Withheld = { never: [], perhaps: [] };

/** How an answer differs from what the snapshot makes of the question, in words; undefined when it does not. */
export function whyNotOf(
  snapshot: Snapshot,
  question: Question,
  answer: Answer,
  withheld: Withheld,
): string | undefined {
  const gone = withoutHop(snapshot.fields, withheld);
  const conditions = evaluate(question.fields, snapshot);
  const body = answer.body;
  switch (answer.status) {
    case 304:
      if (conditions !== "not-modified") return "304 and the condition does not hold";
      return whyOtherFields(snapshot.fields, answer.fields, gone, "some");
    case 206: {
      if (snapshot.status !== 200 && snapshot.status !== 206) return `a part of a ${snapshot.status}`;
      const span = spanOf(answer);
      const asked = askedSpan(question, snapshot);
      if (span === undefined || asked === "none" || asked === "unsatisfiable") return "206 unasked";
      if (asked[0] !== span[0] || asked[1] !== span[1]) return `bytes ${span} where ${asked} were asked for`;
      if (!holds(snapshot, span)) return `bytes ${span} that nobody sent`;
      if (body !== undefined && body !== snapshot.body.slice(span[0], span[1] + 1))
        return `other bytes: ${body}`;
      return whyOtherFields(snapshot.fields, answer.fields, gone, "all");
    }
    case 416:
      if (snapshot.status !== 416 && askedSpan(question, snapshot) !== "unsatisfiable")
        return "416 and the range is there";
      return undefined;
    default: {
      const status = snapshot.status === 206 ? 200 : snapshot.status;
      if (answer.status !== status) return `status ${answer.status} for ${status}`;
      if (question.method === "HEAD") return whyOtherFields(snapshot.fields, answer.fields, gone, "all");
      if (snapshot.method === "HEAD") return "an answer to HEAD has no content to give";
      if (!holds(snapshot, [0, snapshot.body.length - 1])) return "a part passed off as the whole";
      if (body !== undefined && body !== snapshot.body) return `other bytes: ${body}`;
      return whyOtherFields(snapshot.fields, answer.fields, gone, "all");
    }
  }
}

function whyOtherFields(sent: Lines, got: Lines, gone: Withheld, which: "all" | "some"): string | undefined {
  const names = new Set([...sent, ...got].map(([name]) => name.toLowerCase()));
  for (const name of names) {
    if (OF_THE_HOP.has(name) || name === "content-range") continue;
    const [were, are] = [linesOf(sent, name).join(", "), linesOf(got, name).join(", ")];
    if (gone.never.includes(name)) {
      if (linesOf(got, name).length > 0) return `${name} that may not be there`;
    } else if (linesOf(got, name).length === 0) {
      const needed = which === "all" || IN_304.some((each) => each.toLowerCase() === name);
      if (needed && !MAY_BE_DROPPED.has(name) && !gone.perhaps.includes(name)) return `no ${name}`;
    } else if (were !== are) return `${name}: ${are} where ${were} was sent`;
  }
  return undefined;
}

/** RFC 9110 section 13.2.2, as far as a cache answers. */
function evaluate(asking: Lines, snapshot: Snapshot): "none" | "not-modified" | "modified" {
  const tags = membersOf(asking, "If-None-Match");
  const ours = fieldOf(snapshot.fields, "ETag");
  if (tags.length > 0) {
    const met = tags.some((tag) => tag === "*" || (ours !== undefined && weakMatch(tag, ours)));
    return met ? "not-modified" : "modified";
  }
  const since = dateOf(fieldOf(asking, "If-Modified-Since"));
  if (since === undefined) return "none";
  // RFC 9111 section 4.3.2: without Last-Modified the Date is used, else the time it came.
  const modified =
    dateOf(fieldOf(snapshot.fields, "Last-Modified")) ??
    dateOf(fieldOf(snapshot.fields, "Date")) ??
    lastOf(snapshot).outcome.responseTime;
  return modified <= since ? "not-modified" : "modified";
}

function spanOf({ fields }: Answer): Span | undefined {
  const [, first, last] = /^bytes (\d+)-(\d+)\/\d+$/.exec(fieldOf(fields, "Content-Range") ?? "") ?? [];
  return first === undefined || last === undefined ? undefined : [Number(first), Number(last)];
}

/** RFC 9110 section 14.2, for one range. */
function askedSpan(question: Question, snapshot: Snapshot): Span | "none" | "unsatisfiable" {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(fieldOf(question.fields, "Range") ?? "") ?? [];
  if (from === "" && to === "") return "none";
  if (question.method !== "GET") return "none";
  const condition = fieldOf(question.fields, "If-Range");
  if (condition !== undefined) {
    const ours = condition.includes('"')
      ? fieldOf(snapshot.fields, "ETag")
      : fieldOf(snapshot.fields, "Last-Modified");
    if (ours === undefined || !strongMatch(condition, ours)) return "none";
  }
  const length = snapshot.body.length;
  if (from === "") {
    const suffix = Math.min(Number(to), length);
    return suffix === 0 ? "unsatisfiable" : [length - suffix, length - 1];
  }
  if (Number(from) >= length) return "unsatisfiable";
  return [Number(from), to === "" ? length - 1 : Math.min(Number(to), length - 1)];
}

/** How an answer differs from what the origin sent, in words; undefined when it does not. */
export function whyNotAsSent(reply: Reply, answer: Answer): string | undefined {
  if (answer.status !== reply.status) return `status ${answer.status} for ${reply.status}`;
  if (answer.body !== undefined && answer.body !== reply.content) return `other bytes: ${answer.body}`;
  return whyOtherFields(reply.fields, answer.fields, withoutHop(reply.fields, NOTHING_WITHHELD), "all");
}

/** RFC 9110 section 7.6.1: nor what Connection names. */
function withoutHop(sent: Lines, { never, perhaps }: Withheld): Withheld {
  return { never: [...never, ...membersOf(sent, "Connection").map((name) => name.toLowerCase())], perhaps };
}
