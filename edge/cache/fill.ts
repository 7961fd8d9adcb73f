import { formatHttpDate } from "../../http/message/date.ts";
import { isForgeable } from "../../http/message/forgeable-fields.ts";
import { shownTarget } from "../../http/message/shown-target.ts";
import { Failure } from "../../process/failure.ts";
import { hasOnlyUsual, shareableFields, vouchedFor } from "../origin/forwarded-fields.ts";
import { GiveUp, type GiveUpSignal } from "../origin/give-up.ts";
import { compressedBy } from "../rules/compression.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { KEYED_FIELDS } from "../rules/keyed-methods.ts";
import { momentOf } from "../rules/moment.ts";
import { offeredFields } from "../rules/negotiation.ts";
import { combined, heldPart } from "../rules/partial.ts";
import { hasCredentials } from "../rules/personal.ts";
import { plannedFields } from "../rules/planned-response.ts";
import { NONE_MATCHED } from "../rules/site/matched-rules.ts";
import { NO_PLAN, planResponse } from "../rules/site/plan-response.ts";
import { isSlice } from "../rules/slice.ts";
import { matches304 } from "../rules/validation.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import { type Arrived, forOne, headOf, passed, sharedOrForOne, validated } from "./admit.ts";
import type { Filled } from "./answer.ts";
import { type CacheContext, forwardedOf, rulesOf } from "./context.ts";
import { withWhatIsStored } from "./fill-aim.ts";
import type { FillPlan } from "./fill-plan.ts";
import type { FillRequest } from "./fill-request.ts";
import { originSpan, withFillSpan } from "./fill-spans.ts";
import { invalidate } from "./invalidate.ts";
import { originAnswer } from "./origin-answer.ts";
import { originRequest } from "./origin-request.ts";
import { askPeer } from "./peers/plan-peer.ts";
import { withContent } from "./read-content.ts";
import { whileWanted } from "./wanted-fetch.ts";
import { withPlace } from "./with-place.ts";

/** A fetch that has had its turn. */
interface BegunPlan extends FillPlan {
  /** A purge that comes from now on keeps the bytes out of the store (rule E3). */
  readonly mark: FillMark | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly left: GiveUpSignal | undefined;
}

/**
 * Fetches once from the origin. Throws a Failure when it gives no response, and when there is no turn or place. `left` is
 * aborted when nobody waits for it any more. `began` is called before the origin is asked.
 */
export function fill(
  asked: FillPlan,
  edge: CacheContext,
  left = asked.request.left,
  began: (mark: FillMark | undefined) => void = () => undefined,
): Promise<Filled> {
  return withFillSpan(asked, edge, (plan) => {
    const begin = (): Promise<Filled> => {
      const mark = edge.purges.mark();
      began(mark);
      return held({ ...plan, aim: withWhatIsStored(plan.aim, plan.request, edge.store), mark, left }, edge);
    };
    const atPlace = () => withPlace(plan.request, begin, left, edge);
    return plan.limiter === undefined ? atPlace() : plan.limiter.run(atPlace, left);
  });
}

/** The edge remembers purges from this mark on, until the response is stored or refused. */
async function held(plan: BegunPlan, edge: CacheContext): Promise<Filled> {
  const release = plan.mark === undefined ? undefined : edge.purges.hold(plan.mark);
  try {
    const filled = await fillNow(plan, edge);
    if (filled.kind === "shared") filled.body.end.then(release, release);
    else release?.();
    return filled;
  } catch (thrown) {
    release?.();
    throw thrown;
  }
}

async function fillNow(plan: BegunPlan, edge: CacheContext): Promise<Filled> {
  const { aim } = plan;
  const asItIs = aim.kind === "as-asked" || aim.kind === "own";
  const arrived = asItIs ? await fetchOnce(plan, edge) : await fetchKeyed(plan, edge);
  switch (aim.kind) {
    case "whole":
      return ofWhole(plan, arrived, aim.validating, edge);
    case "rest":
      return ofRest(plan, arrived, aim.of, edge);
    case "range":
      expectNoSurprise(arrived);
      return sharedOrForOne(arrived, edge, { keepsParts: true });
    case "as-asked":
      return ofAsked(plan.request, arrived, edge);
    case "own":
      expectNoSurprise(arrived);
      edge.varyNames.learn(plan.key, arrived.fields, knownNames(plan, edge));
      return forOne(arrived, "request-fields", edge);
  }
}

/**
 * Whether the request has credentials and other fields than the usual ones, a token of the application's own for
 * instance. Without those the origin could not answer it, so it gets all of them, and nobody else gets the answer.
 */
export function isOwn(plan: Pick<FillPlan, "request" | "key">, edge: CacheContext): boolean {
  const { fields } = plan.request;
  return hasCredentials(fields) && !hasOnlyUsual(fields, knownNames(plan, edge));
}

/**
 * For an answer that may be shared: the origin gets the usual fields and what responses of this key vary on, and nothing
 * that clients make up. A response that varies on a field of the request that the origin did not get is not the answer
 * to this request: it is asked for once more, with that field.
 */
async function fetchKeyed(plan: BegunPlan, edge: CacheContext): Promise<Arrived> {
  const { request, key } = plan;
  const known = knownNames(plan, edge);
  const arrived = await fetchOnce(keyed(plan, known), edge);
  const fresh = edge.varyNames.learn(key, arrived.fields, known);
  if (!fresh.some((name) => request.fields.has(name))) return arrived;
  arrived.cancel();
  return fetchOnce(keyed(plan, new Set([...known, ...fresh])), edge);
}

/** The plan for a request that has no other fields than the origin may see. */
function keyed(plan: BegunPlan, known: ReadonlySet<string>): BegunPlan {
  const { request } = plan;
  const fields = shareableFields(request.fields, known);
  return fields === request.fields ? plan : { ...plan, request: { ...request, fields } };
}

/** The fields beside the usual ones that the origin gets for this key. */
function knownNames(
  { request, key }: Pick<FillPlan, "request" | "key">,
  edge: CacheContext,
): ReadonlySet<string> {
  const forwarded = forwardedOf(request, edge);
  const forwardFields = request.content === undefined ? forwarded : forwarded.union(KEYED_FIELDS);
  const stored = edge.store.peek(key).flatMap(({ selecting }) => [...selecting.keys()]);
  const varied = edge.varyNames.of(key);
  if (stored.length === 0 && varied.size === 0) return forwardFields;
  return new Set([...forwardFields, ...varied, ...stored.filter((name) => !isForgeable(name))]);
}

async function fetchOnce(
  { request, key, aim, mark, left, peer }: BegunPlan,
  edge: CacheContext,
): Promise<Arrived> {
  const origin = edge.origins.get(request.site);
  if (origin === undefined) throw new Failure("unknown-site", "edge", `no origin for site ${request.site}`);
  const fetching = new GiveUp();
  const requestTime = momentOf(edge.clock);
  const asked = withContent(originRequest(request, aim, forwardedOf(request, edge)), request.content);
  const span = originSpan(request, edge);
  const { trace, onAsked } = span;
  const fieldsSent = vouchedFor(asked.fields, { ...request, trace });
  const { authority, onInterim, takesTrailers, matched = NONE_MATCHED } = request;
  const { origin: named, timeouts, rules, varies } = matched;
  const towards = { authority, onInterim, takesTrailers, origin: named, timeouts, onAsked };
  const sent = { ...asked, ...towards, fields: fieldsSent };
  const atOrigin = (signal: GiveUpSignal) => {
    edge.counters.add("fills");
    return originAnswer(origin.fetch(sent, signal), request.site, edge);
  };
  const ask = () =>
    peer === undefined
      ? atOrigin(fetching)
      : askPeer(peer, { request, sent, atOrigin, signal: fetching }, edge);
  const response = await span.until(whileWanted(asked.method, left, ask, fetching, edge.clock));
  const responseTime = momentOf(edge.clock);
  // RFC 9110 section 6.6.1: a recipient with a clock adds the Date that the origin left out.
  const dated = response.fields.has("Date")
    ? response.fields
    : response.fields.plus("Date", formatHttpDate(responseTime.wall));
  const { status } = response;
  // A 304 is about a stored response, by whose status and fields rules match.
  const plan = status === 304 ? NO_PLAN : planResponse(rules, { status, fields: dated });
  const planned = status === 304 ? dated : plannedFields(dated, plan, varies);
  const compress = compressedBy(rulesOf(edge, request.site).compress, plan);
  const fields = offeredFields({ status, fields: planned }, compress, request.target);
  return {
    request,
    plan,
    key,
    mark,
    requestTime,
    responseTime,
    status,
    fields,
    body: response.body,
    trailers: response.trailers,
    endsWithConnection: response.endsWithConnection ?? false,
    cancel: () => fetching.abort(),
  };
}

/** Asks for the whole response, because the 304 or the 206 that came cannot be used. */
function fillWhole(plan: BegunPlan, edge: CacheContext): Promise<Filled> {
  return fillNow({ ...plan, aim: { kind: "whole", validating: undefined } }, edge);
}

async function ofWhole(
  plan: BegunPlan,
  arrived: Arrived,
  validating: StoredResponse | undefined,
  edge: CacheContext,
): Promise<Filled> {
  const { request } = plan;
  const { status } = arrived;
  if (status === 304) {
    if (validating === undefined) throw unaskedNotModified(request);
    if (matches304(validating, arrived.fields)) return validated(arrived, validating, edge);
    // RFC 9111 section 4.3.4: it is about a response that is not stored here, so the edge asks for one to store.
    return fillWhole(plan, edge);
  }
  if (validating !== undefined) {
    // The stored response stays: it may still be better than this error, or be validated later.
    if (status >= 500) return forOne(arrived, "origin-error", edge);
    if (request.method === "HEAD" && status === 200) return headOf(arrived, validating, edge);
  }
  if (request.slice !== undefined && status < 300) {
    return isSlice(arrived, request.slice)
      ? sharedOrForOne(arrived, edge, { keepsParts: true })
      : forOne(arrived, "slice", edge);
  }
  return sharedOrForOne(arrived, edge);
}

/** RFC 9110 section 15.4.5: a 304 answers a conditional request; without a condition it says nothing. */
function expectNoSurprise({ request, status }: Arrived): void {
  const conditional = request.fields.has("If-None-Match") || request.fields.has("If-Modified-Since");
  if (status === 304 && !conditional) throw unaskedNotModified(request);
}

function unaskedNotModified({ target }: CacheRequest): Failure {
  const what = `the origin answered 304 to a request without preconditions: ${shownTarget(target)}`;
  return new Failure("http_protocol_error", "origin", what);
}

async function ofAsked(request: FillRequest, arrived: Arrived, edge: CacheContext): Promise<Filled> {
  expectNoSurprise(arrived);
  const { mark } = arrived;
  const { site, target } = request;
  const unknown = { site, target, tags: "unknown", variance: "unknown" } as const;
  const overtaken = mark === undefined || edge.purges.overtaken(mark, unknown);
  const reads = request.matched?.cachesPost === true;
  const origin = `${request.scheme}://${request.authority}`;
  const invalidating = reads ? undefined : invalidate(request, arrived, origin, edge);
  const invalidations = edge.purges.mark()?.invalidations;
  // The client must not meet what its request has invalidated once it has the answer.
  await invalidating;
  // RFC 9110 section 9.3.3: the answer to a POST may be stored, if it says so. Its own invalidations came before it.
  if (request.method !== "POST") return passed(arrived, edge);
  if (overtaken) return forOne(arrived, "overtaken", edge);
  if (!hasOnlyUsual(request.fields, forwardedOf(request, edge)))
    return forOne(arrived, "request-fields", edge);
  return sharedOrForOne(
    { ...arrived, mark: { ...mark, invalidations: invalidations ?? mark.invalidations } },
    edge,
  );
}

/** RFC 9111 section 3.3: a stored part is completed, if the bytes that came belong to it. */
async function ofRest(
  plan: BegunPlan,
  arrived: Arrived,
  part: StoredResponse,
  edge: CacheContext,
): Promise<Filled> {
  if (arrived.status !== 206) return sharedOrForOne(arrived, edge);
  const whole = combined(part, arrived);
  if (whole?.status === 200) {
    const { status, fields } = whole;
    return sharedOrForOne({ ...arrived, status, fields, body: together(part, arrived) }, edge);
  }
  arrived.cancel();
  return fillWhole(plan, edge);
}

async function* together(part: StoredResponse, rest: Arrived): AsyncGenerator<Uint8Array> {
  const restFirst = heldPart(rest)?.first === 0;
  if (restFirst) yield* rest.body;
  yield* part.chunks;
  if (!restFirst) yield* rest.body;
}
