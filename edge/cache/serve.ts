/**
 * The life of a request:
 *
 * 1. It is refused where it came back to this edge, breaks a limit of its site, or lacks a signature (request-gate.ts).
 * 2. The rules of its site answer it, limit it, or replace it. All that follows sees the replaced request only.
 * 3. Its key is its site and its target, with the scheme and host where the origin is told of them, and the content of a
 *    QUERY. A tunnel has none (tunnel.ts).
 * 4. The store gives what it holds under that key, from memory or from disk (recall.ts); `judge` decides by RFC 9111 what may be done with it:
 *    fresh          it is served.
 *    stale-usable   it is served, and refreshed in the background where the rules say so.
 *    must-validate  the origin is asked whether it is still valid; a 304 makes it fresh again.
 *    absent         the origin is asked for a whole response: one fill for all requests that may share it (collapse.ts).
 *    bypass         the request goes to the origin as it is, and its answer goes to this client only.
 *    Where the site says so, large bodies are served in slices. Each of them goes through this step by itself (sliced.ts).
 * 5. A response that was fetched is stored if the rules allow it and no purge has overtaken it (admit.ts).
 * 6. The outcome is named once and counted; `respond` writes it.
 */
import { startPart } from "../../process/tracing/tracer.ts";
import { currentAge } from "../rules/age.ts";
import { cacheKey } from "../rules/cache-key.ts";
import { isDemanded, withoutDemands } from "../rules/client-demands.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { judge, mayServeOnError, type OriginError, ttlLeft, type Verdict } from "../rules/judge.ts";
import { isLoop } from "../rules/loop.ts";
import { type Moment, momentOf } from "../rules/moment.ts";
import { negotiated } from "../rules/negotiation.ts";
import { isExcessiveRange } from "../rules/range.ts";
import { planRequest } from "../rules/site/plan-request.ts";
import type { PassedDetail } from "../rules/verdict-detail.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { cancelContent, type Served } from "./answer.ts";
import { askOrigin, type Turn } from "./collapse.ts";
import { type CacheContext, rulesOf } from "./context.ts";
import { errorAnswer, failureAnswer, validationFailed } from "./error-answer.ts";
import { crowded, fetchedAnswer } from "./fetched-answer.ts";
import type { FillRequest } from "./fill-request.ts";
import { formOf, withDetail } from "./form.ts";
import { timed } from "./origin-time.ts";
import type { CacheOutcome } from "./outcome.ts";
import { passBy, passThrough } from "./pass-through.ts";
import { answerPeer, askedByPeer } from "./peers/answer-peer.ts";
import { type PurgeView, purgeView } from "./purge-view.ts";
import { isKeyable, readContent } from "./read-content.ts";
import { recall } from "./recall.ts";
import { refreshBehind } from "./refresh.ts";
import { gated } from "./request-gate.ts";
import { limitedAnswer, ruleAnswer } from "./rule-answer.ts";
import { serveSliced } from "./sliced.ts";
import { tunnel, type WantedTunnel } from "./tunnel.ts";
import { verdictAttributes } from "./verdict-attributes.ts";

/** A request of a client, with its body where the method has one. */
export interface EdgeRequest extends FillRequest {
  readonly body: AsyncIterable<Uint8Array> | undefined;
  /** Whether the client may name a position of the purge log that this edge has not reached. */
  readonly mayBeAhead?: boolean;
  /** The body is what the client says in the protocol that it wants. */
  readonly tunnel?: WantedTunnel | undefined;
}

/** Answers a request. A failure of the origin becomes an answer too. */
export async function serve(asked: EdgeRequest, edge: CacheContext): Promise<Served> {
  // RFC 8586: this edge has seen the request before, so its origin leads back to it.
  if (isLoop(asked.fields, edge.id)) {
    return errorAnswer(508, { fwd: "bypass", detail: "loop", proxyError: "proxy_loop_detected" }, edge);
  }
  // Limits, signatures and rules are for the clients of the edge that asks.
  const ask = askedByPeer(asked, edge);
  if (ask !== undefined) return answerPeer(asked, ask, edge, (request) => serveAllowed(request, edge));
  const gate = gated(asked, edge);
  if (gate.kind === "refused") return gate.served;
  const plan = planRequest(rulesOf(edge, asked.site).book, gate.request);
  const limited = plan.limits.length === 0 ? undefined : limitedAnswer(plan.limits, asked, edge);
  if (limited !== undefined) return limited;
  if (plan.kind === "answer") return ruleAnswer(plan.by, plan.answer, edge);
  const served = await serveAllowed(plan.request, edge);
  const labels = plan.request.matched?.labels ?? [];
  return labels.length === 0 ? served : { ...served, rules: labels };
}

/** Answers a request that the rules of its site have left as it is now. */
async function serveAllowed(planned: EdgeRequest, edge: CacheContext): Promise<Served> {
  const { tunnel: wanted } = planned;
  if (wanted !== undefined) return tunnel(withoutExcessiveRange(planned), wanted, edge);
  if (planned.matched?.bypasses === true) return servePlanned(planned, undefined, edge);
  if (!isKeyable(planned)) {
    const { mayBeAhead = false } = planned;
    const inSlices = await serveSliced(planned, edge, (each) =>
      servePlanned({ ...each, mayBeAhead, body: undefined }, undefined, edge),
    );
    return inSlices ?? servePlanned(planned, undefined, edge);
  }
  const { request, passed, release } = await readContent(planned, edge.fillBudget);
  try {
    return await servePlanned(request, passed, edge);
  } finally {
    release();
  }
}

/** `passed`: why the request passes the cache by with content that might have been in its key. */
async function servePlanned(
  planned: EdgeRequest,
  passed: PassedDetail | undefined,
  edge: CacheContext,
): Promise<Served> {
  const whole = withoutExcessiveRange(negotiated(planned, rulesOf(edge, planned.site).compress));
  const view = await purgeView(whole.fields, edge.purges, whole.mayBeAhead === true);
  if (view === "malformed") return errorAnswer(400, { fwd: "bypass", detail: "edgecache-after" }, edge);
  if (view === "ahead") return errorAnswer(403, { fwd: "bypass", detail: "edgecache-after-ahead" }, edge);
  if (whole.matched?.bypasses === true) return passBy(whole, "rule-bypass", edge);
  if (passed !== undefined) return passBy(whole, passed, edge);
  const detail = edge.disk !== undefined && (await recall(whole, edge)) ? "disk" : undefined;
  const looking = startPart(edge.tracer, whole.trace, "lookup");
  const { request, key, verdict: found, now } = heeded(whole, view, edge);
  const verdict = request.askedBy === undefined ? found : withoutStale(found);
  looking?.set(verdictAttributes(verdict));
  looking?.end();
  switch (verdict.kind) {
    case "fresh":
      return fromStore(request, verdict.stored, { kind: "hit", ttl: verdict.ttl, detail }, now, edge);
    case "stale-usable": {
      const { stored, ttl, refresh, detail } = verdict;
      if (refresh) refreshBehind(request, key, stored, edge);
      return fromStore(request, stored, { kind: "stale", ttl, refreshing: refresh, detail }, now, edge);
    }
    case "must-validate":
      return {
        ...(await timed(
          validate({ request, key, verdict, view, mark: edge.purges.mark() }, verdict.stored, edge),
          edge,
        )),
        validates: verdict.detail,
      };
    case "absent":
      if (edge.short?.() === true) return shed(verdict.why, edge);
      return timed(fetchAnew({ request, key, verdict, view, mark: edge.purges.mark() }, edge), edge);
    case "bypass":
      return timed(passThrough(request, key, verdict, edge), edge);
    case "only-if-cached-unmet":
      // RFC 9111 section 5.2.1.7.
      return errorAnswer(504, { fwd: "request", detail: "only-if-cached" }, edge);
  }
}

/** Another edge gets nothing stale: its own clients may get it once more stale than the rules allow. */
function withoutStale(verdict: Verdict<StoredResponse>): Verdict<StoredResponse> {
  if (verdict.kind !== "stale-usable") return verdict;
  const { stored, standing, ttl } = verdict;
  const detail = standing.kind === "trusted" ? "past-freshness" : standing.kind;
  return { kind: "must-validate", stored, standing, ttl, why: "stale", detail };
}

/** The request with as many of its demands as the site heeds (RFC 9111 section 5.2.1), and the verdict on it. */
function heeded(
  asked: EdgeRequest,
  view: PurgeView,
  edge: CacheContext,
): Lookup & { readonly request: EdgeRequest } {
  const rule = rulesOf(edge, asked.site).clientCacheControl;
  const request = rule === "ignore" ? withoutDemands(asked) : asked;
  const found = lookup(request, view, edge, "use");
  const met =
    rule !== "cap" || !isDemanded(found.verdict) || edge.demands.take(found.key, edge.clock.monotonic());
  if (met) return { request, ...found };
  const plain = withoutDemands(request);
  return { request: plain, ...lookup(plain, view, edge, "peek") };
}

/** The edge is out of memory: it still serves stored responses, and answers the rest with 503 and Retry-After. */
function shed(fwd: Turn["verdict"]["why"], edge: CacheContext): Served {
  edge.counters.add("requestsShed");
  return errorAnswer(503, { fwd, detail: "memory-short" }, edge);
}

/** RFC 9110 section 14.2: a range may be ignored. The answer is the whole, which others may share. */
function withoutExcessiveRange(request: EdgeRequest): EdgeRequest {
  const range = request.fields.get("Range");
  if (range === undefined || !isExcessiveRange(range)) return request;
  return { ...request, fields: request.fields.without(["Range", "If-Range"]) };
}

/** The stored responses for a request, and how the rules allow them to be used. */
export interface Lookup {
  readonly key: string;
  readonly stored: readonly StoredResponse[];
  readonly verdict: Verdict<StoredResponse>;
  /** The moment of the verdict. */
  readonly now: Moment;
}

/** "use" counts as a use of the key, by which the store knows what to evict; "peek" does not. `onDisk`: what is there if memory holds nothing. */
export function lookup(
  request: CacheRequest,
  view: PurgeView,
  { store, clock }: Pick<CacheContext, "store" | "clock">,
  how: "use" | "peek",
  onDisk: readonly StoredResponse[] = [],
): Lookup {
  const key = cacheKey(request);
  const inMemory = how === "use" ? store.variants(key) : store.peek(key);
  const held = inMemory.length > 0 ? inMemory : onDisk;
  const isPlain = request.content === undefined && request.slice === undefined;
  const stored = isPlain ? [...held, ...store.equivalents(request)] : held;
  const now = momentOf(clock);
  return { key, stored, verdict: judge(request, stored, view.standing, now), now };
}

function fromStore(
  request: EdgeRequest,
  stored: StoredResponse,
  outcome: CacheOutcome,
  now: Moment,
  edge: CacheContext,
): Served {
  edge.store.used(stored);
  const { name, ...represented } = formOf(request, stored, edge);
  const age = currentAge(stored, now);
  return { ...represented, outcome: withDetail(outcome, name), age, stored, form: name };
}

type ServeTurn = Turn & { readonly request: EdgeRequest };

/** The stored response if the origin confirms it, else what the origin sends instead; stale if the origin fails. */
async function validate(turn: ServeTurn, stored: StoredResponse, edge: CacheContext): Promise<Served> {
  try {
    const fetched = await askOrigin(turn, edge);
    const { filled } = fetched;
    if (filled.kind === "for-one" && filled.status >= 500) {
      const stale = staleOnError(turn, stored, filled.status, edge);
      if (stale !== undefined) {
        cancelContent(filled.content);
        return stale;
      }
    }
    return fetchedAnswer(turn, fetched, edge);
  } catch (thrown) {
    const stale = staleOnError(turn, stored, "no-response", edge);
    return stale ?? validationFailed(thrown, turn.verdict.why, edge);
  }
}

/** RFC 5861 section 4 and RFC 9111 section 4.2.4: better stale than an error, where that is allowed. */
function staleOnError(
  { request, verdict, view, mark }: ServeTurn,
  stored: StoredResponse,
  failed: number | "no-response",
  edge: CacheContext,
): Served | undefined {
  // An invalidation whose search for it was under way has taken it out of the store by now, and is over.
  if (verdict.kind === "must-validate" && verdict.standing.kind === "purged") return undefined;
  // Rule E7: a purge may have covered it while the origin was asked.
  if (mark === undefined || edge.purges.removed(mark, stored)) return undefined;
  const now = momentOf(edge.clock);
  const standing = view.standing(stored);
  const error: OriginError = failed === "no-response" ? "unreachable" : "server-error";
  if (!mayServeOnError(stored, standing, now, request, error)) return undefined;
  const detail = failed === "no-response" ? "origin-failed" : `origin-${failed}`;
  const left = ttlLeft(stored, standing, now);
  return fromStore(request, stored, { kind: "stale", ttl: left, refreshing: false, detail }, now, edge);
}

async function fetchAnew(turn: ServeTurn, edge: CacheContext): Promise<Served> {
  const detail = crowded(turn, edge);
  try {
    return fetchedAnswer(turn, await askOrigin(turn, edge), edge, detail);
  } catch (thrown) {
    return failureAnswer(thrown, turn.verdict.why, edge);
  }
}
