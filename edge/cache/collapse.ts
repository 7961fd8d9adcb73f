import type { CacheRequest } from "../rules/exchange.ts";
import { judge, type Verdict } from "../rules/judge.ts";
import { momentOf } from "../rules/moment.ts";
import { completion } from "../rules/partial.ts";
import { TRUSTED } from "../rules/purge-standing.ts";
import { selectingFields, selects } from "../rules/vary.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import type { Filled } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import { type FillAim, type FillPlan, type FillRequest, fill, isOwn } from "./fill.ts";
import type { Flight } from "./flights.ts";
import type { PurgeView } from "./purge-view.ts";

/** A request that goes to the origin, and what was known when it was judged. */
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
 * 2. A request whose client knows of a purge that this edge does not launches a fill that begins now.
 * 3. Every other request joins the fill in flight for its key, or launches one.
 * 4. When another variant arrives, the request joins the fill in flight for its own variant, or launches one.
 *
 * Throws a Failure when the origin gives no response.
 */
export async function askOrigin(turn: Turn, edge: CacheContext): Promise<Fetched> {
  const { request, key, view } = turn;
  const plan = planOf(turn, edge);
  const now = edge.clock.monotonic();
  const shareable = request.method === "GET" && (plan.aim.kind === "whole" || plan.aim.kind === "rest");
  if (!shareable) return alone(plan, edge);
  const fetched = await (edge.hitForMiss.is(key, now)
    ? alone(plan, edge)
    : view.atPosition
      ? together(turn, plan, edge)
      : lead(plan, key, edge));
  if (fetched.collapsed) return fetched;
  if (fetched.filled.kind === "for-one") edge.hitForMiss.mark(key, fetched.filled.detail, now);
  else edge.hitForMiss.clear(key);
  return fetched;
}

function planOf({ request, key, verdict, view, mark }: Turn, edge: CacheContext): FillPlan {
  const trusted = verdict.kind === "absent" || verdict.standing.kind === "trusted";
  // Rule E2: a purge or a lapse may have put much in doubt at once.
  const limiter = trusted && view.atPosition ? undefined : edge.revalidations.of(request.site);
  return { request, key, aim: aimOf(request, key, verdict, edge), mark, limiter };
}

function aimOf(request: FillRequest, key: string, verdict: Turn["verdict"], edge: CacheContext): FillAim {
  if (isOwn({ request, key }, edge)) return { kind: "own" };
  if (verdict.kind === "must-validate") return { kind: "whole", validating: verdict.stored };
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

async function lead(plan: FillPlan, place: string, edge: CacheContext): Promise<Fetched> {
  return { filled: await launch(plan, place, edge).result, collapsed: false };
}

/** Starts the fill that requests meet at `place` from now on, until it has arrived whole. */
export function launch(plan: FillPlan, place: string, edge: CacheContext): Flight<Filled> {
  return edge.flights.launch(place, {
    mark: plan.mark,
    left: plan.request.left,
    fetch: (abandoned) => fill(plan, edge, abandoned),
    whole: async (filled) => {
      if (filled.kind === "shared") await filled.body.end;
    },
  });
}

/** Joins the fill in flight, or launches one. */
async function together(turn: Turn, plan: FillPlan, edge: CacheContext): Promise<Fetched> {
  const { request, key } = turn;
  const flight = joinable(turn, key, edge);
  if (flight === undefined) return lead(plan, key, edge);
  edge.counters.add("collapsed");
  const filled = await joined(flight, request);
  if (fits(request, filled, edge)) return { filled, collapsed: true };
  const place = variantPlace(request, key, filled);
  return place === undefined ? alone(plan, edge) : togetherAt(place, turn, plan, edge);
}

/** RFC 9111 section 4.1: requests for the same variant wait for one another. */
async function togetherAt(place: string, turn: Turn, plan: FillPlan, edge: CacheContext): Promise<Fetched> {
  const flight = joinable(turn, place, edge);
  if (flight === undefined) return lead(plan, place, edge);
  const filled = await joined(flight, turn.request);
  return fits(turn.request, filled, edge) ? { filled, collapsed: true } : alone(plan, edge);
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

/** The fill in flight that this request may join (rule E4), if there is one. */
function joinable({ request, verdict }: Turn, place: string, edge: CacheContext): Flight<Filled> | undefined {
  // The client wants something newer than what is stored, so it does not want what was asked for before.
  if (verdict.why === "request") return undefined;
  const flight = edge.flights.at(place);
  if (flight === undefined || flight.waiters.abandoned.aborted) return undefined;
  const { site, target } = request;
  const known =
    flight.arrived?.kind === "shared"
      ? flight.arrived.response
      : ({ site, target, tags: "unknown", variance: "unknown" } as const);
  if (!edge.purges.mayJoin(flight.mark, known)) return undefined;
  if (flight.arrived === undefined) return flight;
  return fits(request, flight.arrived, edge) ? flight : undefined;
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
