/**
 * The life of a request:
 *
 * 1. Its cache key is its site and its target, byte for byte.
 * 2. The store gives what it holds under that key; `judge` decides what may be done with it, by RFC 9111.
 * 3. fresh          it is served.
 *    stale-usable   it is served, and refreshed behind the answer where the rules say so.
 *    must-validate  the origin is asked whether it still holds; its 304 makes it fresh again.
 *    absent         the origin is asked for a whole response: one fill for all who wait for the same.
 *    bypass         the request goes to the origin as it is, and the answer to this client only.
 * 4. What was filled is stored if the rules allow it and no purge has overtaken it.
 * 5. The outcome is named once and counted; `respond` writes it.
 */
import { describeError, Failure } from "../process/failure.ts";
import type { CacheOutcome } from "./cache-status.ts";
import { bytesContent, type Content } from "./content.ts";
import { errorAnswer, failureAnswer } from "./error-answer.ts";
import { type FillAim, fill } from "./fill.ts";
import type { Filled } from "./filled.ts";
import type { Flight } from "./origin/collapse.ts";
import type { EdgeParts } from "./parts.ts";
import { represent } from "./represent.ts";
import { currentAge } from "./rules/age.ts";
import { invalidatedGroups } from "./rules/cache-groups.ts";
import { cacheKey } from "./rules/cache-key.ts";
import { ttl } from "./rules/freshness.ts";
import { invalidatedTargets } from "./rules/invalidation.ts";
import { judge, mayServeOnError, type Verdict } from "./rules/judge.ts";
import type { CacheRequest } from "./rules/stored-head.ts";
import { selects } from "./rules/vary.ts";
import type { Served } from "./served.ts";
import type { StoredResponse } from "./store/stored-response.ts";

/** What a client asks, with its body where the method has one. */
export interface EdgeRequest extends CacheRequest {
  /** scheme://host of the request, for telling whether a Location is of the same origin. */
  readonly origin: string;
  readonly body: AsyncIterable<Uint8Array> | undefined;
}

type Asking = Extract<Verdict<StoredResponse>, { kind: "must-validate" | "absent" }>;

/** Never throws: what goes wrong at the origin becomes an answer too. */
export async function serve(request: EdgeRequest, edge: EdgeParts): Promise<Served> {
  const key = cacheKey(request.site, request.target);
  const now = edge.clock.wall();
  const stored = edge.store.variants(key);
  const verdict = judge(request, stored, (response) => edge.follower.standing(response), now);
  try {
    switch (verdict.kind) {
      case "fresh":
        return fromStore(request, verdict.stored, { kind: "hit", ttl: verdict.ttl }, edge);
      case "stale-usable":
        if (verdict.refresh) refreshBehind(request, key, verdict.stored, edge);
        return fromStore(
          request,
          verdict.stored,
          { kind: "stale", ttl: verdict.ttl, refreshing: verdict.refresh, detail: verdict.because },
          edge,
        );
      case "must-validate":
      case "absent":
        return await askOrigin(request, key, verdict, edge);
      case "bypass":
        return await passThrough(request, key, verdict, edge);
      case "only-if-cached-unmet":
        // RFC 9111 section 5.2.1.7.
        return errorAnswer(504, { fwd: "request", detail: "only-if-cached" }, edge);
    }
  } catch (thrown) {
    return onFailure(request, verdict, thrown, edge);
  }
}

function fromStore(
  request: EdgeRequest,
  stored: StoredResponse,
  outcome: CacheOutcome,
  edge: EdgeParts,
): Served {
  const age = Math.floor(currentAge(stored, edge.clock.wall()));
  return { ...represent(request, stored, bytesContent(stored.chunks)), outcome, age };
}

async function askOrigin(
  request: EdgeRequest,
  key: string,
  verdict: Asking,
  edge: EdgeParts,
): Promise<Served> {
  // A part of what is not stored, and what is not a GET, is asked for as it is: nobody else can wait for it.
  if (request.method !== "GET" || (verdict.kind === "absent" && request.fields.has("Range"))) {
    return answer(request, verdict, await fillAlone(request, key, verdict, edge), false, edge);
  }
  const met = joinable(request, key, verdict, edge);
  if (met !== undefined) {
    edge.counters.add("collapsed");
    const filled = await met.result;
    if (fits(request, filled)) return answer(request, verdict, filled, true, edge);
    return answer(request, verdict, await fillAlone(request, key, verdict, edge), false, edge);
  }
  return answer(request, verdict, await launch(request, key, validating(verdict), edge).result, false, edge);
}

function launch(
  request: EdgeRequest,
  key: string,
  stale: StoredResponse | undefined,
  edge: EdgeParts,
): Flight<Filled> {
  const mark = edge.follower.mark();
  const result = fill(request, key, { kind: "whole", validating: stale }, mark, edge);
  return edge.collapse.launch(key, mark, result, async (filled) => {
    if (filled.kind === "shared") await filled.body.end;
  });
}

function fillAlone(request: EdgeRequest, key: string, verdict: Asking, edge: EdgeParts): Promise<Filled> {
  const aim: FillAim =
    verdict.kind === "absent" && (request.method !== "GET" || request.fields.has("Range"))
      ? { kind: "as-asked", body: undefined }
      : { kind: "whole", validating: validating(verdict) };
  return fill(request, key, aim, edge.follower.mark(), edge);
}

function validating(verdict: Asking): StoredResponse | undefined {
  return verdict.kind === "must-validate" ? verdict.stored : undefined;
}

/** The flight that this request may wait for (rule E4), if there is one. */
function joinable(
  request: EdgeRequest,
  key: string,
  verdict: Asking,
  edge: EdgeParts,
): Flight<Filled> | undefined {
  // A client that asked for something newer than the store has does not want what was asked for before.
  if (verdict.why === "request") return undefined;
  const flight = edge.collapse.at(key);
  if (flight === undefined) return undefined;
  const { site, target } = request;
  const tags = flight.arrived?.kind === "shared" ? flight.arrived.response.tags : "unknown";
  if (!edge.follower.mayJoin(flight.mark, { site, target, tags })) return undefined;
  if (flight.arrived === undefined) return flight;
  if (flight.arrived.kind !== "shared" || !flight.arrived.body.joinable) return undefined;
  const { response } = flight.arrived;
  // Its fields are here, so it is judged like a stored response.
  const now = judge(request, [response], () => "trusted", edge.clock.wall());
  return now.kind === "fresh" ? flight : undefined;
}

function fits(request: EdgeRequest, filled: Filled): boolean {
  switch (filled.kind) {
    case "shared":
      return selects(filled.response.selecting, request) && filled.body.joinable;
    case "validated":
      return selects(filled.response.selecting, request);
    case "own":
      return false;
  }
}

function answer(
  request: EdgeRequest,
  verdict: Asking,
  filled: Filled,
  collapsed: boolean,
  edge: EdgeParts,
): Served {
  const fwd = verdict.why;
  switch (filled.kind) {
    case "validated": {
      const left = ttl(filled.response, edge.clock.wall());
      const outcome: CacheOutcome = {
        kind: "revalidated",
        fwd: fwd === "request" ? "request" : "stale",
        fwdStatus: 304,
        ttl: left,
      };
      return { ...represent(request, filled.response, bytesContent(filled.response.chunks)), outcome };
    }
    case "shared": {
      const { response } = filled;
      const left = ttl(response, edge.clock.wall());
      const outcome: CacheOutcome = {
        kind: "miss",
        fwd,
        fwdStatus: response.status,
        ttl: left,
        stored: true,
        collapsed,
      };
      const seat = collapsed ? filled.body.join() : filled.starter;
      const content: Content = {
        kind: "stream",
        length: filled.length,
        read: (from) => seat.read(from),
        cancel: () => seat.leave(),
      };
      return { ...represent(request, response, content), outcome };
    }
    case "own": {
      const { status, fields, content, detail } = filled;
      if (verdict.kind === "must-validate" && status >= 500) {
        const stale = staleOnError(request, verdict.stored, status, edge);
        if (stale !== undefined) {
          if (content.kind === "stream") content.cancel();
          return stale;
        }
      }
      const outcome: CacheOutcome = {
        kind: "miss",
        fwd,
        fwdStatus: status,
        stored: false,
        collapsed,
        detail,
      };
      return { ...represent(request, { status, fields }, content), outcome };
    }
  }
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** The request as it is to the origin, the answer as it is to the client. */
async function passThrough(
  request: EdgeRequest,
  key: string,
  verdict: Extract<Verdict<StoredResponse>, { kind: "bypass" }>,
  edge: EdgeParts,
): Promise<Served> {
  const aim: FillAim = { kind: "as-asked", body: isRead(request.method) ? undefined : request.body };
  const filled = await fill(request, key, aim, undefined, edge);
  if (filled.kind !== "own") throw new Failure("not-own", "edge", "a passed request came back to be shared");
  const { status, fields, content } = filled;
  // RFC 9111 section 4.4: what an unsafe method may have changed is not served unvalidated.
  for (const target of invalidatedTargets(request, { status, fields }, request.origin)) {
    for (const stored of edge.store.peek(cacheKey(request.site, target))) edge.store.remove(stored);
  }
  // RFC 9875 section 3: and the groups that the answer names.
  for (const tag of invalidatedGroups(request, { status, fields })) {
    edge.store.purge({ kind: "tag", tag, site: request.site }, false);
  }
  const outcome: CacheOutcome = {
    kind: "bypass",
    fwd: verdict.why,
    fwdStatus: status,
    detail: verdict.detail,
  };
  return { status, fields, content, outcome };
}

/** RFC 5861 section 3: once, behind the answer; whoever asks meanwhile gets the stale response too. */
function refreshBehind(request: EdgeRequest, key: string, stale: StoredResponse, edge: EdgeParts): void {
  if (edge.collapse.at(key) !== undefined) return;
  launch({ ...request, method: "GET" }, key, stale, edge).result.then(
    (filled) => {
      if (filled.kind === "shared") filled.starter.leave();
      if (filled.kind === "own" && filled.content.kind === "stream") filled.content.cancel();
    },
    (thrown: unknown) => edge.log.warn({ key, cause: describeError(thrown) }, "refresh failed"),
  );
}

/** RFC 5861 section 4 and RFC 9111 section 4.2.4: better stale than an error, where that is allowed. */
function staleOnError(
  request: EdgeRequest,
  stored: StoredResponse,
  status: number | undefined,
  edge: EdgeParts,
): Served | undefined {
  const now = edge.clock.wall();
  const error = status === undefined ? "unreachable" : "server-error";
  if (!mayServeOnError(stored, edge.follower.standing(stored), now, request, error)) return undefined;
  const detail = status === undefined ? "origin-failed" : `origin-${status}`;
  return fromStore(
    request,
    stored,
    { kind: "stale", ttl: ttl(stored, now), refreshing: false, detail },
    edge,
  );
}

function onFailure(
  request: EdgeRequest,
  verdict: Verdict<StoredResponse>,
  thrown: unknown,
  edge: EdgeParts,
): Served {
  if (verdict.kind === "must-validate") {
    const stale = staleOnError(request, verdict.stored, undefined, edge);
    if (stale !== undefined) return stale;
  }
  const fwd = verdict.kind === "must-validate" || verdict.kind === "absent" || verdict.kind === "bypass";
  return failureAnswer(thrown, fwd ? verdict.why : "request", edge);
}
