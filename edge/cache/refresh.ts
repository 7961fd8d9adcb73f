import { isDeepStrictEqual } from "node:util";
import type { Fields } from "../../http/message/fields.ts";
import { shownTarget } from "../../http/message/shown-target.ts";
import { describeError } from "../../process/failure.ts";
import { isForAll, PERSONAL_FIELDS } from "../rules/personal.ts";
import { NONE_MATCHED } from "../rules/site/matched-rules.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import type { Filled } from "./answer.ts";
import { launch } from "./collapse.ts";
import { type CacheContext, rulesOf } from "./context.ts";
import { validationOf } from "./fill-aim.ts";
import type { FillPlan } from "./fill-plan.ts";
import type { FillRequest } from "./fill-request.ts";
import type { Flight } from "./flights.ts";
import { peerFor } from "./peers/plan-peer.ts";

// No client waits for it. Longer than this, a body that does not say its length counts as endless.
const REFRESH_MS = 30_000;

/**
 * RFC 5861 section 3: revalidates in the background, once for all requests that get the stale response meanwhile. A
 * fill in flight that a purge has overtaken does not count.
 */
export function refreshBehind(
  request: FillRequest,
  key: string,
  stale: StoredResponse,
  edge: CacheContext,
): void {
  const flight = edge.flights.at(key);
  if (flight !== undefined && isStillTrue(flight, stale, edge)) return;
  const { site, base, target, scheme, authority, content, slice, matched = NONE_MATCHED } = request;
  const fields = impersonal(request, stale, edge);
  const method = content === undefined ? "GET" : request.method;
  const asked = { method, site, target, fields, content, slice, scheme, authority, matched };
  const again = { ...asked, trace: request.trace };
  refresh(base === undefined ? again : { ...again, base }, key, stale, edge);
}

function isStillTrue({ began }: Flight<Filled>, stale: StoredResponse, edge: CacheContext): boolean {
  return began === undefined || edge.purges.sharing(began.mark, stale) === "yes";
}

/** A refreshed response is for all, so the request does not name the client that caused it, unless the response varies. */
function impersonal(
  { site, fields }: FillRequest,
  { policy, selecting }: StoredResponse,
  edge: CacheContext,
): Fields {
  if (rulesOf(edge, site).requestCookie === "obey" || isForAll(policy)) return fields;
  return fields.without([...PERSONAL_FIELDS].filter((name) => !selecting.has(name)));
}

/**
 * The outcome of a refresh. kept: the response is stored. not-kept: the rules, or a purge meanwhile, forbid that.
 * failed: the origin gave no response, or one that tells of trouble there.
 */
export type Refreshed = "kept" | "not-kept" | "failed";

/**
 * Validates a stored response for no client in particular. Requests for the key that come meanwhile may join (rule E4),
 * and a purge that comes meanwhile keeps what arrives out of the store (rule E3). Resolves when it has arrived whole.
 * Never rejects.
 */
export async function refresh(
  request: FillRequest,
  key: string,
  stale: StoredResponse,
  edge: CacheContext,
): Promise<Refreshed> {
  // Rule E2: a soft purge of much makes much stale at once.
  const standing = edge.purges.standing(stale);
  const limiter = standing.kind === "trusted" ? undefined : edge.revalidations.of(request.site);
  return fetched({ request, key, aim: validationOf(stale, standing), limiter }, edge);
}

/** The same for what is not stored. */
export async function prefetch(request: FillRequest, key: string, edge: CacheContext): Promise<Refreshed> {
  return fetched({ request, key, aim: { kind: "whole", validating: undefined }, limiter: undefined }, edge);
}

async function fetched(alone: FillPlan, edge: CacheContext): Promise<Refreshed> {
  const { key } = alone;
  const plan = { ...alone, peer: peerFor(alone, { demanded: false, atPosition: true }, edge) };
  try {
    return await unread(await launch(plan, key, edge).result, edge);
  } catch (thrown) {
    edge.log.warn(
      { sampled: "refresh", key: shownTarget(key), cause: describeError(thrown) },
      "refresh failed",
    );
    return "failed";
  }
}

/** Handles the response although no client reads it. */
async function unread(filled: Filled, edge: CacheContext): Promise<Refreshed> {
  switch (filled.kind) {
    case "validated":
      return isStored(filled.response, edge) ? "kept" : "not-kept";
    case "shared":
      filled.starter.leave(REFRESH_MS);
      if ((await filled.body.end).kind === "failed") return "failed";
      return isStored(filled.response, edge) ? "kept" : "not-kept";
    case "for-one":
      if (filled.content.kind === "stream") filled.content.cancel();
      return tellsOfTrouble(filled.status) ? "failed" : "not-kept";
  }
}

/** RFC 6585 section 4: 429 asks for fewer requests. */
function tellsOfTrouble(status: number): boolean {
  return status >= 500 || status === 429;
}

/** The store gives a response as another object. The moments of its fill, by the clock and in the history of purges, are its own. */
function isStored(
  { key, mark, requestTime, responseTime }: StoredResponse,
  edge: Pick<CacheContext, "store">,
): boolean {
  return edge.store
    .peek(key)
    .some(
      (held) =>
        held.requestTime.monotonic === requestTime.monotonic &&
        held.responseTime.monotonic === responseTime.monotonic &&
        isDeepStrictEqual(held.mark, mark),
    );
}
