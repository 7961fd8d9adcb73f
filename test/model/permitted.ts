import { type Book, endOf, hasFailed } from "./book.ts";
import { cacheControl } from "./directives.ts";
import { fieldOf, linesOf } from "./message.ts";
import { newerThan } from "./most-recent.ts";
import type { Answer, Exchange, Question } from "./record.ts";
import { ageOf, type Circumstances, whyNotReused, whyNotReusedSoftly } from "./reusing.ts";
import { selects } from "./selecting.ts";
import { type Withheld, whyNotAsSent, whyNotOf } from "./shape.ts";
import { lastOf, type Made, type Snapshot, whyNotHeld, whyNotKept } from "./snapshot.ts";
import { privateFields, uncachedFields, whyNotStored } from "./storing.ts";

/** How an answer came about: from the store without asking, from an exchange for another request too, or its own. */
export type Source = "stored" | "shared" | "own" | "as-sent" | "edge";

export interface Permitted {
  readonly kind: "permitted";
  readonly source: Source;
  readonly snapshot?: Snapshot;
}

export type Judgement = Permitted | { readonly kind: "forbidden"; readonly why: string };

/**
 * Whether RFC 9111, and the guarantees about purges, permit the answer. Every answer of the origin names its
 * exchange in X-Exchange; so the answer names which of the things that a cache may hold it was made from.
 */
export function judge(question: Question, answer: Answer, book: Book): Judgement {
  const named = linesOf(answer.fields, "X-Exchange");
  const [id] = named;
  if (id === undefined) return edgeMade(question, answer, book);
  const exchange = book.exchanges.find((each) => String(each.id) === id);
  if (named.length > 1 || exchange === undefined || !replied(exchange)) {
    return { kind: "forbidden", why: `exchange ${named} has not been` };
  }
  if (exchange.target !== question.target)
    return { kind: "forbidden", why: `an answer about ${exchange.target}` };
  const own = exchange.cause === question;
  if (answer.body === undefined && !book.during(question, Number.POSITIVE_INFINITY).some(hasFailed)) {
    return { kind: "forbidden", why: "the content breaks off, and the origin has not failed" };
  }
  const reasons: string[] = [];
  if (own) {
    const why = whyNotPassedOn(question, answer, exchange);
    if (why === undefined) return { kind: "permitted", source: "as-sent" };
    reasons.push(`as sent: ${why}`);
  }
  for (const snapshot of book.madeBy(exchange.id)) {
    const made = snapshot.made.map((each) => each.id).join("+");
    const others = endOf(exchange) < question.tick ? "stored" : "shared";
    const source = own ? "own" : others;
    const why = own
      ? whyNotOwn(snapshot, question, answer)
      : whyNotOthers(snapshot, others, question, answer, book);
    if (why === undefined) return { kind: "permitted", source, snapshot };
    reasons.push(`${source}, of exchange ${made}: ${why}`);
  }
  return { kind: "forbidden", why: reasons.join("; ") };
}

function replied(exchange: Exchange): exchange is Made {
  return exchange.outcome.kind === "replied";
}

/** An error of the edge's own is right when the origin failed, or when the client forbade to ask it. */
function edgeMade(question: Question, answer: Answer, book: Book): Judgement {
  // RFC 9111 section 5.2.1.7.
  const onlyIfCached = cacheControl(question.fields).has("only-if-cached");
  if (onlyIfCached && answer.status === 504) return { kind: "permitted", source: "edge" };
  const failed = book.during(question, answer.tick).some(hasFailed);
  if (failed && answer.status >= 502) return { kind: "permitted", source: "edge" };
  return { kind: "forbidden", why: `the edge's own ${answer.status}, and the origin has not failed` };
}

/** The answer of the origin to this very request, as it came. */
function whyNotPassedOn(question: Question, answer: Answer, exchange: Made): string | undefined {
  const { method, fields } = question;
  // A request that the cache cannot answer may be forwarded.
  if (method !== "POST" && cacheControl(fields).has("only-if-cached")) return "only-if-cached";
  if (method !== exchange.method) return `asked by ${exchange.method}`;
  const conditional = ["If-None-Match", "If-Modified-Since"].some((name) => linesOf(fields, name).length > 0);
  if (answer.status === 304 && !conditional) return "304 without a condition";
  const partial = linesOf(fields, "Range").length > 0;
  if ((answer.status === 206 || answer.status === 416) && !partial) return `${answer.status} without a range`;
  return whyNotAsSent(exchange.outcome, answer);
}

/** Made from an exchange that the request itself caused: its freshness says nothing. */
function whyNotOwn(snapshot: Snapshot, question: Question, answer: Answer): string | undefined {
  if (question.method !== "GET" && question.method !== "HEAD")
    return `${question.method} answered by a cache`;
  if (cacheControl(question.fields).has("only-if-cached")) return "only-if-cached";
  return whyNotHeld(snapshot) ?? whyNotOf(snapshot, question, answer, withheld(snapshot, []));
}

/** Made from what other requests brought. */
function whyNotOthers(
  snapshot: Snapshot,
  source: "stored" | "shared",
  question: Question,
  answer: Answer,
  book: Book,
): string | undefined {
  if (question.method !== "GET" && question.method !== "HEAD")
    return `${question.method} answered by a cache`;
  const unstorable = source === "stored" ? whyNotKept(snapshot) : whyNotShared(snapshot);
  if (unstorable !== undefined) return `it may not be stored: ${unstorable}`;
  if (!selects(snapshot, question.fields)) return `Vary: ${fieldOf(snapshot.fields, "Vary")}`;
  const purges = book.purgesBetween(snapshot, question);
  // Who joins what was asked for before gets nothing that is stored.
  if (purges.some(({ soft }) => !soft || source === "shared")) return "purged";
  const softAt = Math.min(...purges.map(({ appliedAt = 0 }) => appliedAt));
  if (book.invalidatedBetween(snapshot, question) !== undefined) return "changed by an unsafe request";
  const { outcome } = lastOf(snapshot);
  const decided = Math.max(question.at, outcome.responseTime);
  const around = circumstancesOf(snapshot, question, answer, book);
  const why =
    purges.length === 0
      ? whyNotReused(snapshot, question.fields, decided, around)
      : whyNotReusedSoftly(snapshot, question.fields, decided, around, { at: softAt, answeredAt: answer.at });
  if (why !== undefined) return why;
  const newer = source === "stored" ? newerThan(snapshot, question, around, book) : undefined;
  if (newer !== undefined) return `exchange ${lastOf(newer).id} has replaced it`;
  const shape = whyNotOf(
    snapshot,
    question,
    answer,
    withheld(snapshot, [...privateFields(snapshot.fields), ...uncachedFields(snapshot.fields)]),
  );
  return shape ?? (source === "stored" ? whyNotTimes(snapshot, answer, softAt) : undefined);
}

/** What a cache that stored nothing private, and sends nothing that it must first ask about, leaves out. */
function withheld({ made }: Snapshot, never: readonly string[]): Withheld {
  const messages = made.length === 1 ? [] : made.map(({ outcome }) => outcome.fields);
  return {
    never,
    perhaps: messages.flatMap((fields) => [...privateFields(fields), ...uncachedFields(fields)]),
  };
}

/** While it still comes it is not whole, and yet it can be shared. */
function whyNotShared(snapshot: Snapshot): string | undefined {
  const { method, target, status, fields } = snapshot;
  const { cause, request } = lastOf(snapshot);
  return (
    whyNotHeld(snapshot) ??
    whyNotStored({ method, target, status, fields, request: cause?.fields ?? request })
  );
}

function circumstancesOf(snapshot: Snapshot, question: Question, answer: Answer, book: Book): Circumstances {
  const meanwhile = book.during(question, answer.tick);
  const disconnected = meanwhile.some(hasFailed);
  const refused = meanwhile.some(
    ({ outcome }) => outcome.kind === "replied" && [500, 502, 503, 504].includes(outcome.status),
  );
  const begunAfter = lastOf(snapshot).begunTick > question.tick;
  const cut = book.cutAt !== undefined && question.at > book.cutAt + book.leaseMs;
  const refreshing = meanwhile.length > 0 || book.exchanges.some(({ cause }) => cause === question);
  return { disconnected, error: disconnected || refused, refreshing, lapsed: cut && !begunAfter };
}

/**
 * RFC 9111 section 5.1 and RFC 9211 section 2.4: in whole seconds; what an age is made of may have been rounded too.
 * `softAt`: when it was softly purged; infinite when it was not.
 */
function whyNotTimes(snapshot: Snapshot, answer: Answer, softAt: number): string | undefined {
  const [age, ...more] = linesOf(answer.fields, "Age");
  const { least, most, lifetime } = ageOf(snapshot, answer.at);
  if (age === undefined || more.length > 0 || !/^\d+$/.test(age)) return `Age: ${[age, ...more]}`;
  if (Number(age) < Math.floor(least) || Number(age) > most + 1) return `Age: ${age} at ${least} s`;
  const left = Math.min(lifetime - Math.floor(least), Math.ceil((softAt - answer.at) / 1000));
  return answer.ttl !== undefined && answer.ttl <= left ? undefined : `ttl=${answer.ttl} with ${left} s left`;
}
