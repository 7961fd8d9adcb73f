import type { Fields } from "../../http/message/fields.ts";
import type { Trailers } from "../../http/message/trailers.ts";
import { type OriginResponse, plainBody } from "../origin/origin.ts";
import { compressedBy, isCompressible } from "../rules/compression.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import type { Moment } from "../rules/moment.ts";
import { offeredFields } from "../rules/negotiation.ts";
import type { NotStored } from "../rules/not-stored.ts";
import { type Combined, clamped, combined } from "../rules/partial.ts";
import { browserFields, plannedHead } from "../rules/planned-head.ts";
import { plannedFields } from "../rules/planned-response.ts";
import { NONE_MATCHED } from "../rules/site/matched-rules.ts";
import { planResponse, type ResponsePlan } from "../rules/site/plan-response.ts";
import { clientFields, type StoringOptions, storable } from "../rules/storable.ts";
import { parsedHead } from "../rules/stored-head.ts";
import { freshened, headUpdates } from "../rules/validation.ts";
import { selects } from "../rules/vary.ts";
import { inOwnMemory } from "../store/own-memory.ts";
import { type FillMark, type StoredResponse, withHead, withPart } from "../store/stored-response.ts";
import type { Filled, ForOne } from "./answer.ts";
import { bytesContent, NO_CONTENT, sliceBytes } from "./answer.ts";
import { bodyFrom } from "./body-from.ts";
import { type CacheContext, rulesOf } from "./context.ts";
import type { FillBody } from "./fill-body.ts";
import { wantForm } from "./form.ts";
import { countOriginError } from "./origin-errors.ts";
import { previousVersion } from "./previous-version.ts";
import { SharedBody } from "./shared-body.ts";
import { WholeBody } from "./whole-body.ts";

/** An origin response whose fields have arrived, and what is needed to decide whether it is stored. */
export interface Arrived {
  readonly request: CacheRequest;
  readonly key: string;
  readonly mark: FillMark | undefined;
  readonly requestTime: Moment;
  readonly responseTime: Moment;
  readonly status: number;
  readonly fields: Fields;
  readonly body: OriginResponse["body"];
  readonly trailers?: Trailers | undefined;
  readonly endsWithConnection: boolean;
  /** What the rules of the site say of it; of a 304 they have not been asked. */
  readonly plan: ResponsePlan;
  /** Gives up the rest of the body. */
  cancel(): void;
}

/** The response as it came, for the request that asked and for no other. `reason`: why it is not stored. */
export function forOne(arrived: Arrived, reason: NotStored, edge: Pick<CacheContext, "counters">): ForOne {
  count(reason, arrived.request, edge);
  return { ...passed(arrived, edge), detail: reason };
}

function count(
  reason: NotStored,
  { site }: CacheRequest,
  { counters }: Pick<CacheContext, "counters">,
): void {
  if (reason === "overtaken") counters.add("fillsOvertaken");
  else counters.sites.notStored(site, reason);
}

/** The response to a request that passes the cache by. */
export function passed(arrived: Arrived, edge: Pick<CacheContext, "counters">): ForOne {
  const { request, status, fields, body, trailers, cancel } = arrived;
  // RFC 9110 section 6.4.1: these have no content whatever their fields say.
  const empty = request.method === "HEAD" || status === 204 || status === 304;
  const head = {
    kind: "for-one",
    status,
    fields: clientFields(fields),
    trailers,
    detail: undefined,
  } as const;
  if (empty) return { ...head, content: NO_CONTENT };
  // The parts of a body are not made of what is not stored, however it has come.
  const whole = request.fields.has("Range") ? undefined : body.takeWhole?.();
  if (whole !== undefined) return { ...head, content: bytesContent([whole]) };
  return {
    ...head,
    content: {
      kind: "stream",
      length: lengthOf(fields),
      read: (from) => bodyFrom(body, from, request.site, edge),
      cancel,
    },
  };
}

/** The response for all who wait, if the rules let it be stored; else for the request that asked. */
export function sharedOrForOne(
  arrived: Arrived,
  edge: CacheContext,
  options: StoringOptions = { keepsParts: false },
): Filled {
  const { request, fields, status, requestTime, responseTime, mark, plan } = arrived;
  const { method } = request;
  if (method !== "GET" && method !== "POST" && method !== "QUERY") return forOne(arrived, "method", edge);
  const verdict = storable(request, arrived, { ...options, plan, rules: rulesOf(edge, request.site) });
  if (verdict.kind === "do-not-store") return forOne(arrived, verdict.reason, edge);
  if (mark === undefined) return forOne(arrived, "purge-log-unknown", edge);
  if (isEventStream(fields)) return forOne(arrived, "event-stream", edge);
  // A body that ends only with its connection may have been cut short.
  if (arrived.endsWithConnection) return forOne(arrived, "length-unknown", edge);
  const length = lengthOf(fields);
  const { selecting, tags, variance, brief } = verdict;
  const head = parsedHead({ status, fields: verdict.fields, requestTime, responseTime }, verdict.policy);
  const response: StoredResponse = {
    key: arrived.key,
    site: request.site,
    ...(request.base === undefined ? {} : { base: request.base }),
    target: request.target,
    method,
    authorized: request.fields.has("Authorization"),
    ...plannedHead(head, plan, brief),
    selecting,
    chunks: [],
    bodyLength: 0,
    sent: "rewritten",
    tags,
    variance,
    mark,
  };
  const body = bodyOf(arrived, length, edge);
  const starter = body.join();
  body.end.then((end) => {
    switch (end.kind) {
      case "complete": {
        const whole = inOwnMemory({ ...response, chunks: end.chunks, bodyLength: end.length });
        const dictionary = previousVersion(whole, request, edge);
        if (admit(whole, request, edge) && dictionary !== undefined) edge.compress?.(whole, { dictionary });
        break;
      }
      case "not-kept":
        count("too-large", request, edge);
        break;
      case "failed":
        countOriginError(end.error, request.site, edge);
        count("incomplete", request, edge);
    }
  });
  const forClient = clientFields(fields);
  const starterFields = plan.browserTtl === undefined ? forClient : browserFields(forClient, plan.browserTtl);
  const { trailers } = arrived;
  return { kind: "shared", response, starterFields, body, starter, length, trailers };
}

function bodyOf(arrived: Arrived, length: number | undefined, edge: CacheContext): FillBody {
  const whole = (length ?? 0) > edge.keepLimit ? undefined : arrived.body.takeWhole?.();
  if (whole !== undefined && whole.byteLength <= edge.keepLimit && edge.fillBudget.pass(whole.byteLength))
    return new WholeBody(whole);
  const body = whole === undefined ? arrived.body : plainBody(whole);
  return new SharedBody(
    { body, length, cancel: () => arrived.cancel() },
    edge.fillBudget,
    edge.keepLimit,
    edge.clock,
  );
}

/** HTML Standard, section "Server-sent events": it lasts as long as both sides want. */
function isEventStream(fields: Fields): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(fields.get("Content-Type")?.trim() ?? "");
}

/** RFC 9111 section 4.3.4: the 304 freshens the stored response that was validated. */
export function validated(arrived: Arrived, old: StoredResponse, edge: CacheContext): Filled {
  const updated = freshenedBy(arrived, old, edge);
  const cookies = arrived.fields.all("Set-Cookie");
  if (typeof updated === "string") {
    count(updated, arrived.request, edge);
    edge.store.remove(old);
    const response = withHead(uncoded(old), { fields: freshened(old, arrived.fields) });
    return { kind: "validated", response, kept: false, cookies };
  }
  const kept = admit(updated, arrived.request, edge);
  return { kind: "validated", response: updated, kept, cookies };
}

/** RFC 9111 section 4.3.5: a HEAD response tells whether the stored GET response is still current. */
export function headOf(arrived: Arrived, old: StoredResponse, edge: CacheContext): ForOne {
  if (headUpdates(old, arrived.fields) === "invalidate") edge.store.remove(old);
  else {
    const updated = freshenedBy({ ...arrived, request: { ...arrived.request, method: "GET" } }, old, edge);
    if (typeof updated !== "string") admit(updated, arrived.request, edge);
  }
  return forOne(arrived, "method", edge);
}

/** The response that replaces `old`, or the reason why the new one forbids that. */
function freshenedBy(arrived: Arrived, old: StoredResponse, edge: CacheContext): StoredResponse | NotStored {
  const { request, requestTime, responseTime, mark } = arrived;
  if (mark === undefined) return "purge-log-unknown";
  // Rule E3 is checked against the response as it was when the origin was asked: a 304 may change its tags.
  if (edge.purges.overtaken(mark, old)) return "overtaken";
  const { status } = old;
  const rules = rulesOf(edge, request.site);
  const { rules: matched, varies } = request.matched ?? NONE_MATCHED;
  const unplanned = { status, fields: freshened(old, arrived.fields) };
  const plan = planResponse(matched, unplanned);
  const planned = { status, fields: plannedFields(unplanned.fields, plan, varies) };
  const compress = compressedBy(rules.compress, plan);
  const fields = offeredFields(planned, compress, request.target);
  const verdict = storable(request, { status, fields }, { keepsParts: true, confirmed: true, rules, plan });
  if (verdict.kind === "do-not-store") return verdict.reason;
  // RFC 9111 section 3.2: the update may include Vary. The new value selects from now on.
  const { selecting, tags, variance, brief } = verdict;
  const head = parsedHead({ status, fields: verdict.fields, requestTime, responseTime }, verdict.policy);
  const same = isCompressible(fields, old.bodyLength, compress) ? old : uncoded(old);
  return inOwnMemory({ ...same, ...plannedHead(head, plan, brief), mark, selecting, tags, variance });
}

/** The same without encodings. */
function uncoded({ encodings: _, ...stored }: StoredResponse): StoredResponse {
  return stored;
}

/**
 * Stores a response that is whole in memory, unless a purge has overtaken its fill (rule E3): then the requests that
 * waited for it have got it, and no other will. Returns whether it is stored.
 */
function admit(
  response: StoredResponse,
  request: CacheRequest,
  edge: Pick<CacheContext, "store" | "purges" | "counters" | "compress">,
): boolean {
  const outcome = put(response, request, edge);
  if (outcome === "stored") {
    wantForm(request.negotiation?.forms ?? [], response, edge);
    return true;
  }
  count(outcome, request, edge);
  return false;
}

function put(
  response: StoredResponse,
  request: CacheRequest,
  edge: Pick<CacheContext, "store" | "purges">,
): "stored" | NotStored {
  if (edge.purges.overtaken(response.mark, response)) return "overtaken";
  if (isSuperseded(response, request, edge)) return "superseded";
  const whole = response.status === 206 ? withOlderParts(response, request, edge) : response;
  return whole === undefined ? "partial" : edge.store.put(whole, request);
}

/** A fill that took long must not put its response in the place of one that was asked for later. */
function isSuperseded(
  response: StoredResponse,
  request: CacheRequest,
  edge: Pick<CacheContext, "store">,
): boolean {
  const { monotonic } = response.requestTime;
  return edge.store
    .peek(response.key)
    .some((other) => other.requestTime.monotonic > monotonic && selects(other.selecting, request));
}

/**
 * RFC 9111 section 3.4: a part together with those that are stored of the same representation; undefined when the
 * bytes that came are not the part that its fields promise.
 */
function withOlderParts(
  newer: StoredResponse,
  request: CacheRequest,
  edge: Pick<CacheContext, "store" | "purges">,
): StoredResponse | undefined {
  const fields = clamped(newer, newer.bodyLength);
  if (fields === undefined) return undefined;
  let whole = withPart(newer, { fields });
  for (const older of edge.store.peek(newer.key)) {
    // Bytes that a purge covers, or may cover, must not become part of a newer response.
    if (edge.purges.standing(older).kind !== "trusted" || !selects(older.selecting, request)) continue;
    const both = combined(older, whole);
    if (both !== undefined) whole = joined(older, whole, both);
  }
  return whole;
}

function joined(older: StoredResponse, newer: StoredResponse, both: Combined): StoredResponse {
  const [a, b] = [older.held, newer.held];
  if (a === undefined || b === undefined) return newer;
  const oldBytes = bytesContent(older.chunks);
  // Empty where the older part begins later, or ends earlier, than the newer one.
  const before = sliceBytes(oldBytes, 0, b.first - 1 - a.first).chunks;
  const after = sliceBytes(oldBytes, b.last + 1 - a.first, a.last - a.first).chunks;
  const chunks = [...before, ...newer.chunks, ...after];
  const bodyLength = both.held.last - both.held.first + 1;
  return inOwnMemory({ ...withPart(newer, both), chunks, bodyLength });
}

function lengthOf(fields: Fields): number | undefined {
  const text = fields.get("Content-Length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
