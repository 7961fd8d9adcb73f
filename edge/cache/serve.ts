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
import type { Fields } from "../../http/message/fields.ts";
import { type Position, parsePosition } from "../../purge-log/position.ts";
import { currentAge } from "../rules/age.ts";
import { cacheKey } from "../rules/cache-key.ts";
import { ttl } from "../rules/freshness.ts";
import { judge, mayServeOnError, ttlLeft, type Verdict } from "../rules/judge.ts";
import { isLoop } from "../rules/loop.ts";
import { PURGED, type PurgeStanding } from "../rules/purge-standing.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { type Asking, askOrigin, type Given } from "./collapse.ts";
import { bytesContent, type Content } from "./content.ts";
import type { CacheContext } from "./context.ts";
import { errorAnswer, failureAnswer } from "./error-answer.ts";
import { type FillRequest, fill } from "./fill.ts";
import type { Filled } from "./filled.ts";
import type { CacheOutcome } from "./outcome.ts";
import { refreshBehind } from "./refresh.ts";
import { type Represented, represent, representStored } from "./representation.ts";
import type { Served } from "./served.ts";
import { readOrCatchUp } from "./slow-reader.ts";

/** What a client asks, with its body where the method has one. */
export interface EdgeRequest extends FillRequest {
  readonly body: AsyncIterable<Uint8Array> | undefined;
}

type StandingOf = (stored: StoredResponse) => PurgeStanding;

// The field with which a client, such as the one that purged, names the position that it has seen.
const AFTER = "EdgeCache-After";
// A purge is on its way for milliseconds; an edge that needs longer is behind, and asks the origin instead.
const CATCH_UP_MS = 250;

function positionAsked(fields: Fields): Position | undefined | "malformed" {
  const text = fields.get(AFTER);
  return text === undefined ? undefined : (parsePosition(text) ?? "malformed");
}

/** Never throws: what goes wrong at the origin becomes an answer too. */
export async function serve(request: EdgeRequest, edge: CacheContext): Promise<Served> {
  // RFC 8586: this edge has seen the request before, so its origin leads back to it.
  if (isLoop(request.fields, edge.id)) {
    return errorAnswer(508, { fwd: "bypass", detail: "loop", proxyError: "proxy_loop_detected" }, edge);
  }
  const after = positionAsked(request.fields);
  if (after === "malformed") return errorAnswer(400, { fwd: "bypass", detail: "edgecache-after" }, edge);
  // Read-your-purge: nothing older than the position that the client has seen, here or elsewhere.
  const caughtUp = after === undefined || (await edge.purges.reaches(after, CATCH_UP_MS));
  const standing: StandingOf = (stored) => {
    const known = caughtUp ? edge.purges.standing(stored) : PURGED;
    // The purge whose position it is may be a soft one.
    return after !== undefined && known.kind === "soft-purged" ? PURGED : known;
  };
  const key = cacheKey(request.site, request.target);
  const now = edge.clock.wall();
  const stored = [...edge.store.variants(key), ...edge.store.equivalents(request.site, request.target)];
  const verdict = judge(request, stored, standing, now);
  try {
    switch (verdict.kind) {
      case "fresh":
        return fromStore(request, verdict.stored, { kind: "hit", ttl: verdict.ttl }, edge);
      case "stale-usable":
        if (verdict.refresh) refreshBehind(request, key, verdict.stored, edge);
        return fromStore(
          request,
          verdict.stored,
          { kind: "stale", ttl: verdict.ttl, refreshing: verdict.refresh, detail: verdict.detail },
          edge,
        );
      case "must-validate":
      case "absent":
        return answer(
          request,
          verdict,
          await askOrigin(request, key, verdict, caughtUp, edge),
          standing,
          edge,
        );
      case "bypass":
        return await passThrough(request, key, verdict, edge);
      case "only-if-cached-unmet":
        // RFC 9111 section 5.2.1.7.
        return errorAnswer(504, { fwd: "request", detail: "only-if-cached" }, edge);
    }
  } catch (thrown) {
    return onFailure(request, verdict, thrown, standing, edge);
  }
}

function fromStore(
  request: EdgeRequest,
  stored: StoredResponse,
  outcome: CacheOutcome,
  edge: CacheContext,
): Served {
  const age = Math.floor(currentAge(stored, edge.clock.wall()));
  return { ...representStored(request, stored), outcome, age };
}

function answer(
  request: EdgeRequest,
  verdict: Asking,
  { filled, collapsed }: Given,
  standing: StandingOf,
  edge: CacheContext,
): Served {
  const fwd = verdict.why;
  const now = edge.clock.wall();
  switch (filled.kind) {
    case "validated": {
      const outcome: CacheOutcome = {
        kind: "revalidated",
        fwd: fwd === "request" ? "request" : "stale",
        fwdStatus: 304,
        ttl: ttl(filled.response, now),
        stored: filled.kept,
      };
      return { ...representStored(request, filled.response), outcome };
    }
    case "shared": {
      const { content, ...head } = headAndContent(request, filled, collapsed, edge);
      const left = ttl(filled.response, now);
      const fwdStatus = head.status;
      const outcome: CacheOutcome = filled.body.kept
        ? { kind: "miss", fwd, fwdStatus, ttl: left, stored: true, collapsed }
        : { kind: "miss", fwd, fwdStatus, stored: false, collapsed, detail: "too-large" };
      return { ...represent(request, head, content), outcome };
    }
    case "own": {
      const { status, content, detail } = filled;
      if (verdict.kind === "must-validate" && status >= 500) {
        const stale = staleOnError(request, verdict.stored, status, standing, edge);
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
      return { ...represent(request, filled, content), outcome };
    }
  }
}

/** The request as it is to the origin, the answer as it is to the client. */
async function passThrough(
  request: EdgeRequest,
  key: string,
  verdict: Extract<Verdict<StoredResponse>, { kind: "bypass" }>,
  edge: CacheContext,
): Promise<Served> {
  // RFC 9110 section 9.3.1: content in a GET has no meaning, and could smuggle one into the cache.
  const body = request.method === "GET" || request.method === "HEAD" ? undefined : request.body;
  const filled = await fill(request, key, { kind: "as-asked", body }, edge.purges.mark(), edge);
  const answered = headAndContent(request, filled, false, edge);
  const outcome: CacheOutcome = {
    kind: "bypass",
    fwd: verdict.why,
    fwdStatus: answered.status,
    detail: verdict.detail,
  };
  return { ...answered, outcome };
}

/** `joins`: the request takes a place of its own at a fill that another has started. */
function headAndContent(
  request: EdgeRequest,
  filled: Filled,
  joins: boolean,
  edge: CacheContext,
): Represented {
  switch (filled.kind) {
    case "validated":
      return { ...filled.response, content: bytesContent(filled.response.chunks) };
    case "own":
      return filled;
    case "shared": {
      const seat = joins ? filled.body.join() : filled.starter;
      const { status } = filled.response;
      const fields = joins ? filled.response.clientFields : filled.ownFields;
      const content: Content = {
        kind: "stream",
        length: filled.length,
        read: (from) => readOrCatchUp(seat, from, request, filled.response, edge),
        cancel: () => seat.leave(),
      };
      return { status, fields, content };
    }
  }
}

/** RFC 5861 section 4 and RFC 9111 section 4.2.4: better stale than an error, where that is allowed. */
function staleOnError(
  request: EdgeRequest,
  stored: StoredResponse,
  status: number | undefined,
  standing: StandingOf,
  edge: CacheContext,
): Served | undefined {
  const now = edge.clock.wall();
  const error = status === undefined ? "unreachable" : "server-error";
  // Rule E7: a purge may have covered it while the origin was being asked.
  if (edge.purges.removed(stored.mark, stored)) return undefined;
  const stands = standing(stored);
  if (!mayServeOnError(stored, stands, now, request, error)) return undefined;
  const detail = status === undefined ? "origin-failed" : `origin-${status}`;
  return fromStore(
    request,
    stored,
    { kind: "stale", ttl: ttlLeft(stored, stands, now), refreshing: false, detail },
    edge,
  );
}

function onFailure(
  request: EdgeRequest,
  verdict: Verdict<StoredResponse>,
  thrown: unknown,
  standing: StandingOf,
  edge: CacheContext,
): Served {
  if (verdict.kind === "must-validate") {
    const stale = staleOnError(request, verdict.stored, undefined, standing, edge);
    if (stale !== undefined) return stale;
  }
  const fwd = "why" in verdict ? verdict.why : "request";
  return failureAnswer(thrown, fwd, edge, verdict.kind === "must-validate");
}
