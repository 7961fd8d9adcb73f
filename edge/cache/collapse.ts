import type { CacheRequest } from "../rules/exchange.ts";
import { judge, type Verdict } from "../rules/judge.ts";
import { completion } from "../rules/partial.ts";
import { TRUSTED } from "../rules/purge-standing.ts";
import { selectingFields, selects } from "../rules/vary.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import type { CacheContext } from "./context.ts";
import { type FillAim, type FillRequest, fill } from "./fill.ts";
import type { Filled } from "./filled.ts";
import type { Flight } from "./flights.ts";

/** A verdict that sends the request to the origin. */
export type Asking = Extract<Verdict<StoredResponse>, { kind: "must-validate" | "absent" }>;

/** What the origin gave, and whether this request waited for a fill that another had started. */
export interface Given {
  readonly filled: Filled;
  readonly collapsed: boolean;
}

/**
 * Asks the origin once for all requests that may share the answer; the others ask for themselves. What could
 * not be shared is remembered for a while, so that later requests do not wait for nothing. A request that may
 * not join wants a fill that begins after it came.
 * Throws a Failure when the origin gives no response.
 */
export async function askOrigin(
  request: FillRequest,
  key: string,
  verdict: Asking,
  mayJoin: boolean,
  edge: CacheContext,
): Promise<Given> {
  const aim = aimOf(request, key, verdict, edge);
  const now = edge.clock.monotonic();
  // Rule E2: what a flush, a soft purge or a lapse puts in doubt is validated so many at a time, or it were an outage.
  const turnstile = isDistrusted(verdict) || !mayJoin ? edge.collapse.revalidations(request.site) : undefined;
  const mark = edge.purges.mark();
  const ask = () => fill(request, key, aim, mark, edge);
  const inTurn = turnstile === undefined ? ask : () => turnstile.pass(ask);
  const shareable = request.method === "GET" && (aim.kind === "whole" || aim.kind === "rest");
  if (!shareable) return { filled: await inTurn(), collapsed: false };
  const given = edge.collapse.keptApart(key, now)
    ? { filled: await inTurn(), collapsed: false }
    : mayJoin
      ? await askTogether(request, key, verdict, mark, inTurn, edge)
      : { filled: await launch(key, mark, inTurn(), edge).result, collapsed: false };
  if (given.collapsed) return given;
  if (given.filled.kind === "own") edge.collapse.keepApart(key, now);
  else edge.collapse.bringTogether(key);
  return given;
}

function isDistrusted(verdict: Asking): boolean {
  return verdict.kind === "must-validate" && verdict.standing.kind !== "trusted";
}

function aimOf(request: CacheRequest, key: string, verdict: Asking, edge: CacheContext): FillAim {
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

/** From now on requests for the key meet this fill, until it has arrived whole. */
export function launch(
  key: string,
  mark: FillMark | undefined,
  filling: Promise<Filled>,
  edge: CacheContext,
): Flight<Filled> {
  return edge.collapse.launch(key, mark, filling, async (filled) => {
    if (filled.kind === "shared") await filled.body.end;
  });
}

/**
 * Waits for the fill in flight, or launches one. RFC 9111 section 4.1: when the response turns out to be for other
 * request fields than ours, those who have the same as we wait for one another.
 */
async function askTogether(
  request: FillRequest,
  key: string,
  verdict: Asking,
  mark: FillMark | undefined,
  ask: () => Promise<Filled>,
  edge: CacheContext,
): Promise<Given> {
  let place = key;
  for (const first of [true, false]) {
    const flight = joinable(request, place, verdict, edge);
    if (flight === undefined)
      return { filled: await launch(place, mark, ask(), edge).result, collapsed: false };
    if (first) edge.counters.add("collapsed");
    const filled = await flight.result;
    if (fits(request, filled, edge)) return { filled, collapsed: true };
    const apart = variantPlace(request, key, filled);
    if (apart === undefined) break;
    place = apart;
  }
  return { filled: await ask(), collapsed: false };
}

/** Under the key, and apart from all that the response's Vary sets apart. */
function variantPlace(request: CacheRequest, key: string, filled: Filled): string | undefined {
  if (filled.kind !== "shared" || selects(filled.response.selecting, request)) return undefined;
  const selecting = selectingFields(filled.response.fields, request);
  return selecting === "never" ? undefined : `${key} ${JSON.stringify([...selecting])}`;
}

/** The flight that this request may wait for (rule E4), if there is one. */
function joinable(
  request: CacheRequest,
  key: string,
  verdict: Asking,
  edge: CacheContext,
): Flight<Filled> | undefined {
  // A client that asked for something newer than the store has does not want what was asked for before.
  if (verdict.why === "request") return undefined;
  const flight = edge.collapse.at(key);
  if (flight === undefined) return undefined;
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
 * RFC 9111 section 4: a response serves collapsed requests only as far as it could be reused for each of them:
 * it is judged as if it were stored.
 */
function fits(request: CacheRequest, filled: Filled, edge: CacheContext): boolean {
  if (filled.kind === "own") return false;
  if (filled.kind === "shared" ? !filled.body.joinable : !filled.kept) return false;
  const { kind } = judge(request, [filled.response], () => TRUSTED, edge.clock.wall());
  return kind === "fresh" || kind === "stale-usable";
}
