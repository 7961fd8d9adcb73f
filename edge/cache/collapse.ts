import { startPart } from "../../process/tracing/tracer.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { judge, type Verdict } from "../rules/judge.ts";
import { momentOf } from "../rules/moment.ts";
import { forOrigin } from "../rules/negotiation.ts";
import { completion } from "../rules/partial.ts";
import { TRUSTED } from "../rules/purge-standing.ts";
import { selectingFields, selects } from "../rules/vary.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import type { Filled } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import { fill, isOwn } from "./fill.ts";
import { type FillAim, validationOf } from "./fill-aim.ts";
import type { FillPlan } from "./fill-plan.ts";
import type { FillRequest } from "./fill-request.ts";
import { errorType, fillSpan } from "./fill-spans.ts";
import type { Flight } from "./flights.ts";
import { PlacesRefused } from "./origin-places.ts";
import { peerFor } from "./peers/plan-peer.ts";
import type { PurgeView } from "./purge-view.ts";
import { clientLeft } from "./waiting-line.ts";

/** A request that goes to the origin, with the facts that it was judged by. */
export interface Turn {
  readonly request: FillRequest;
  readonly key: string;
  readonly verdict: Extract<Verdict<StoredResponse>, { kind: "must-validate" | "absent" }>;
  readonly view: PurgeView;
  /** That moment, in the history of purges. */
  readonly mark: FillMark | undefined;
}

/** The answer of the origin. */
export interface Fetched {
  readonly filled: Filled;
  /** Whether this request waited for a fill that another request had started. */
  readonly collapsed: boolean;
}

/**
 * Asks the origin once for all requests that may share its answer. The others ask for themselves. A key whose response
 * could not be shared is remembered for a while, so that later requests do not wait for nothing.
 *
 * 1. Requests that cannot be shared, and keys that are remembered, go to the origin on their own.
 * 2. Every other request meets the fill for its key, or launches one. `meeting` tells which (rule E4):
 *    - it joins a fill that has not begun, or that nothing has overtaken;
 *    - it joins a fill of which only the tags are in doubt, and asks anew if the response turns out to have one of them;
 *    - where only a fill that begins from now on will do, because the edge has no lease or the client knows of a purge
 *      that the edge does not, it waits for the next one, which begins when the one under way has its answer. So a page
 *      costs the origin one request a round trip, however many ask for it.
 * 3. When another variant arrives, the request meets the fill for its own variant in the same way.
 *
 * Throws a Failure when the origin gives no response.
 */
export async function askOrigin(turn: Turn, edge: CacheContext): Promise<Fetched> {
  const { request, key } = turn;
  const plan = withPeer(planOf(turn, edge), turn, edge);
  const now = edge.clock.monotonic();
  request.askedBy?.waits();
  // A POST may change something after all, whatever a rule says of it: two of them are never made one.
  const isShareable = request.method === "GET" || request.method === "QUERY";
  const shareable = isShareable && (plan.aim.kind === "whole" || plan.aim.kind === "rest");
  if (!shareable) return alone(plan, edge);
  const fetched = await (edge.hitForMiss.is(key, now)
    ? alone({ ...plan, request: forOrigin(request) }, edge)
    : together(turn, plan, edge));
  if (fetched.collapsed) return fetched;
  if (fetched.filled.kind === "for-one") edge.hitForMiss.mark(key, fetched.filled.detail, now);
  else edge.hitForMiss.clear(key);
  return fetched;
}

function planOf({ request: asked, key, verdict, view }: Turn, edge: CacheContext): FillPlan {
  const aim = aimOf(asked, key, verdict, edge);
  const request = aim.kind === "own" ? forOrigin(asked) : asked;
  if (!view.atPosition) return { request, key, aim, limiter: edge.aheadFills.of(request.site) };
  const trusted = verdict.kind === "absent" || verdict.standing.kind === "trusted";
  // Rule E2: one purge or lapse may require validation of many responses at once.
  return { request, key, aim, limiter: trusted ? undefined : edge.revalidations.of(request.site) };
}

/** The plan with the edge that is asked before the origin, if one is. */
function withPeer(plan: FillPlan, { verdict, view }: Turn, edge: CacheContext): FillPlan {
  const peer = peerFor(plan, { demanded: verdict.why === "request", atPosition: view.atPosition }, edge);
  return peer === undefined ? plan : { ...plan, peer };
}

function aimOf(request: FillRequest, key: string, verdict: Turn["verdict"], edge: CacheContext): FillAim {
  if (isOwn({ request, key }, edge)) return { kind: "own" };
  if (verdict.kind === "must-validate") return validationOf(verdict.stored, verdict.standing);
  // RFC 9110 section 14.2: a range is for GET. Of other methods it is ignored.
  if (request.content !== undefined || request.slice !== undefined)
    return { kind: "whole", validating: undefined };
  if (request.method !== "GET") return { kind: "as-asked", body: undefined };
  if (request.fields.has("Range")) return { kind: "range" };
  const part = verdict.why === "partial" ? completablePart(request, key, edge) : undefined;
  return part === undefined ? { kind: "whole", validating: undefined } : { kind: "rest", of: part };
}

function completablePart(request: CacheRequest, key: string, edge: CacheContext): StoredResponse | undefined {
  return edge.store
    .peek(key)
    .find(
      (stored) =>
        edge.purges.standing(stored).kind === "trusted" &&
        selects(stored.selecting, request) &&
        completion(stored) !== undefined,
    );
}

async function alone(plan: FillPlan, edge: CacheContext): Promise<Fetched> {
  return { filled: await fill(plan, edge), collapsed: false };
}

/**
 * Starts the fill that requests meet at `place` from now on, until it has arrived whole. `after`: it begins when that
 * one has its answer.
 */
export function launch(
  plan: FillPlan,
  place: string,
  edge: CacheContext,
  after?: Flight<Filled>,
): Flight<Filled> {
  const span = fillSpan(plan, edge);
  return edge.flights.launch(place, {
    client: plan.request.client,
    trace: span?.context,
    viaPeer: plan.peer !== undefined,
    left: plan.request.left,
    fetch: async (abandoned, began) => {
      // Its failure is told to those who wait for it.
      if (after !== undefined) await after.result.catch(() => undefined);
      if (abandoned.aborted) throw clientLeft();
      return fill({ ...plan, span }, edge, abandoned, began);
    },
    whole: async (filled) => {
      if (filled.kind === "shared") await filled.body.end;
    },
  });
}

/** Meets the fill for the key, and then, when another variant has arrived, the one for its own. */
async function together(turn: Turn, plan: FillPlan, edge: CacheContext): Promise<Fetched> {
  const { request, key } = turn;
  const met = await meet(turn, plan, key, edge);
  if (met.kind === "fetched") return met.fetched;
  // RFC 9111 section 4.1: requests for the same variant wait for one another.
  const place = variantPlace(request, key, met.filled);
  if (place === undefined) return alone(plan, edge);
  const own = await meet(turn, plan, place, edge);
  return own.kind === "fetched" ? own.fetched : alone(plan, edge);
}

type Met =
  | { readonly kind: "fetched"; readonly fetched: Fetched }
  /** The answer to another request, which does not fit this one. */
  | { readonly kind: "other"; readonly filled: Filled };

async function meet(turn: Turn, plan: FillPlan, place: string, edge: CacheContext): Promise<Met> {
  const { request } = turn;
  const meeting = meetingOf(turn, place, edge);
  switch (meeting.kind) {
    case "launch":
      return {
        kind: "fetched",
        fetched: { filled: await launch(plan, place, edge).result, collapsed: false },
      };
    case "next":
      return {
        kind: "fetched",
        fetched: { filled: await launch(plan, place, edge, meeting.flight).result, collapsed: false },
      };
    case "join": {
      const { flight, unlessTagged } = meeting;
      if (place === turn.key) edge.counters.add("collapsed");
      const waiting = startPart(edge.tracer, request.trace, "wait for a fill", {
        links: flight.trace === undefined ? [] : [flight.trace],
      });
      const filled = await joined(flight, request).catch((thrown: unknown) => {
        waiting?.end(errorType(thrown));
        if (isOfAnother(thrown, flight, request)) return undefined;
        throw thrown;
      });
      waiting?.end();
      if (filled === undefined) return meet(turn, plan, place, edge);
      if (!fits(request, filled, edge)) return { kind: "other", filled };
      // Requests that could not share the earlier fill share one new fill that begins now.
      if (unlessTagged && isTagged(flight, filled, edge)) return meet(turn, plan, place, edge);
      return { kind: "fetched", fetched: { filled, collapsed: true } };
    }
  }
}

/** Whether the fill failed because another client has too many requests under way. */
function isOfAnother(thrown: unknown, flight: Flight<Filled>, { client }: FillRequest): boolean {
  return thrown instanceof PlacesRefused && thrown.reason === "client-places" && flight.client !== client;
}

/** Whether a purge since the fill began covers the response, now that its tags are known. */
function isTagged({ began }: Flight<Filled>, filled: Filled, { purges }: CacheContext): boolean {
  if (filled.kind === "for-one") return false;
  return began?.mark === undefined || purges.overtaken(began.mark, filled.response);
}

function joined(flight: Flight<Filled>, { left }: FillRequest): Promise<Filled> {
  flight.waiters.add(left);
  return flight.result;
}

/** The key, and the values of the request fields that Vary names; undefined when the response is no other variant. */
function variantPlace(request: CacheRequest, key: string, filled: Filled): string | undefined {
  if (filled.kind !== "shared" || selects(filled.response.selecting, request)) return undefined;
  const selecting = selectingFields(filled.response.fields, request);
  return selecting === "never" ? undefined : `${key} ${JSON.stringify([...selecting])}`;
}

/** What a request does about the fill in flight for its key. */
type Meeting =
  | { readonly kind: "launch" }
  | { readonly kind: "join"; readonly flight: Flight<Filled>; readonly unlessTagged: boolean }
  /** It waits for the fill that begins after this one. */
  | { readonly kind: "next"; readonly flight: Flight<Filled> };

const LAUNCH: Meeting = { kind: "launch" };

function meetingOf({ request, verdict, view }: Turn, place: string, edge: CacheContext): Meeting {
  // The client wants a response newer than the stored one, so it does not share a fill that began before.
  if (verdict.why === "request") return LAUNCH;
  const flight = edge.flights.at(place);
  if (flight === undefined || flight.waiters.abandoned.aborted) return LAUNCH;
  // Two edges that each take the other one for the owner would wait for each other.
  if (flight.viaPeer && request.askedBy !== undefined) return LAUNCH;
  const { began, arrived } = flight;
  const { site, target } = request;
  if (began === undefined) {
    // A client that has used up its share of places may wait long. Other clients do not wait with it.
    const isHeldUp = flight.client !== request.client && edge.places.of(site).isAtShare(flight.client);
    return isHeldUp ? LAUNCH : { kind: "join", flight, unlessTagged: false };
  }
  const known =
    arrived?.kind === "shared"
      ? arrived.response
      : ({ site, target, tags: "unknown", variance: "unknown" } as const);
  switch (view.atPosition ? edge.purges.sharing(began.mark, known) : "lapsed") {
    case "overtaken":
      return LAUNCH;
    case "lapsed":
      return arrived === undefined ? { kind: "next", flight } : LAUNCH;
    case "yes":
      return arrived === undefined || fits(request, arrived, edge)
        ? { kind: "join", flight, unlessTagged: false }
        : LAUNCH;
    case "unless-tagged":
      return arrived === undefined ? { kind: "join", flight, unlessTagged: true } : LAUNCH;
  }
}

/**
 * RFC 9111 section 4: a response serves a collapsed request only if it could be reused for it. It is judged as if it
 * were stored.
 */
function fits(request: CacheRequest, filled: Filled, edge: CacheContext): boolean {
  if (filled.kind === "for-one") return false;
  if (filled.kind === "shared" ? !filled.body.joinable : !filled.kept) return false;
  const { kind } = judge(request, [filled.response], () => TRUSTED, momentOf(edge.clock));
  return kind === "fresh" || kind === "stale-usable";
}
