import { rendezvousScore } from "../../http/message/rendezvous.ts";
import type { EdgeState } from "../measure/ping-reply.ts";
import type { Candidate } from "./candidate.ts";
import type { Choice, ChoiceReason } from "./choice.ts";
import { mostEjected } from "./ejection.ts";
import { isAboutAsNear, isClearlyBetter, isTie, MARGINS, type Margins, steadied } from "./hysteresis.ts";
import { moveShares } from "./shares.ts";
import { stableOrder } from "./stable-order.ts";
import { drawHeir, isCautious, takeOver } from "./take-over.ts";

/** A candidate with its place among the others. */
export interface Ranked<E> extends Candidate<E> {
  /** It is ejected, and enough other edges of its state are left. So it is tried after them. */
  readonly isTriedLast: boolean;
  readonly isInRegion: boolean;
  /** The expected time with hysteresis: it changes only when the change is clear. */
  readonly steadyMs: number;
  /** Share of this router's requests that go there first, 0 to 1. During slow start a part of them goes elsewhere. */
  readonly share: number;
}

/** All candidates in the order in which they are tried, and the share of requests that each of them gets first. */
export interface Ranking<E> {
  readonly at: number;
  /** The time since which another edge is clearly better than the primary; undefined while none is. */
  readonly doubtedSince: number | undefined;
  /** When other edges last took over the share of an edge that is no longer a peer; undefined when they never did. */
  readonly takenOverAt: number | undefined;
  /** Best first. The first `peers` of them are alike in state, ejection and region: the choice is between them. */
  readonly ranked: readonly Ranked<E>[];
  readonly peers: number;
  /** `upTo` grows to 1. A number drawn from [0, 1) selects the first lead above it. */
  readonly leads: readonly { readonly upTo: number; readonly choice: Choice<E> }[];
}

/** The router that ranks, and the clients that it ranks for. */
export interface RankedFor {
  /** Random for each router, so that routers break ties differently. */
  readonly routerHash: number;
  /** Uniform in [0, 1), drawn for this ranking. */
  readonly draw: number;
  /** Ids of the edges near the clients; undefined when their region is not known. */
  readonly region: ReadonlySet<string> | undefined;
  /** How much better another edge must be before requests move. */
  readonly margins?: Margins;
}

// A lapsed edge still answers, from the origin. A draining edge is about to close its connections.
const STATE_RANK: Readonly<Record<EdgeState, number>> = { serving: 0, lapsed: 1, draining: 2 };

// Pings take up to 0.75 s to confirm a change of path. With this on top, requests follow within 2 s.
const LONGEST_HESITATION_MS = 400;

/**
 * Ranks the candidates anew. Serving edges come first, then lapsed ones, then draining ones. Within a state, edges that
 * are not ejected come before ejected ones; within those, edges of the client's region come before the others. Edges
 * alike in all three are peers. Peers are ordered by expected time, with hysteresis. The first is the primary: when
 * another becomes clearly better, it stays for a moment of hesitation, which differs from router to router.
 */
export function rank<E>(
  candidates: readonly Candidate<E>[],
  before: Ranking<E> | undefined,
  now: number,
  { routerHash, region, draw, margins = MARGINS }: RankedFor,
): Ranking<E> {
  const last = triedLast(candidates);
  const tierOf = (each: Candidate<E>) =>
    STATE_RANK[each.fitness.state] * 4 + Number(last.has(each)) * 2 + Number(isOutside(each, region));
  const preference = new Map(candidates.map((each) => [each, rendezvousScore(routerHash, each.idHash)]));
  const byTime = candidates.toSorted(
    (a, b) =>
      tierOf(a) - tierOf(b) ||
      a.expectedMs - b.expectedMs ||
      (preference.get(b) ?? 0) - (preference.get(a) ?? 0) ||
      (a.id < b.id ? -1 : 1),
  );
  const [first] = byTime;
  const peers = first === undefined ? [] : byTime.filter((each) => tierOf(each) === tierOf(first));
  const best = bestOf(peers, preference);
  if (best === undefined) {
    return { at: now, doubtedSince: undefined, takenOverAt: undefined, ranked: [], peers: 0, leads: [] };
  }

  const hesitationMs = LONGEST_HESITATION_MS * ownNumber(routerHash);
  const { primary, doubtedSince } = primaryOf(peers, best, before, { hesitationMs, now, margins });
  const others = inStableOrder(peers, before).filter((each) => each !== primary);
  const known = new Map(before?.ranked.map((each) => [each.edge, each]));
  const ranked = [primary, ...others, ...byTime.slice(peers.length)].map((each, at): Ranked<E> => {
    const earlier = known.get(each.edge);
    return {
      ...each,
      isTriedLast: last.has(each),
      isInRegion: !isOutside(each, region),
      steadyMs: steadied(earlier?.steadyMs, each),
      share: at < peers.length ? (earlier?.share ?? 0) : 0,
    };
  });
  const left = 1 - ranked.reduce((sum, { share }) => sum + share, 0);
  const isSpread = hasLostBusyEdge(before, peers);
  const takenOverAt = isSpread ? now : before?.takenOverAt;
  const heirs = isSpread ? peers.length : 1;
  const held = [...takeOver(ranked.slice(0, heirs), left), ...ranked.slice(heirs)];
  const shared = moveShares(held, {
    elapsedMs: before === undefined ? 0 : now - before.at,
    isCautious: isCautious(takenOverAt, now),
    margins,
  });
  return {
    at: now,
    doubtedSince,
    takenOverAt,
    ranked: shared,
    peers: peers.length,
    leads: leadsOf(shared, peers.length, draw),
  };
}

/** A fixed number of this router in [0, 1). */
function ownNumber(routerHash: number): number {
  return routerHash / 2 ** 32;
}

/**
 * Whether an edge with many requests is no longer a peer. Its requests are spread: a single neighbour could be
 * overloaded by them, look dead, and overload the next one. A few requests go to the nearest edge.
 */
function hasLostBusyEdge<E>(before: Ranking<E> | undefined, peers: readonly Candidate<E>[]): boolean {
  const left = new Set(peers.map(({ edge }) => edge));
  return before?.ranked.some(({ edge, share, load }) => share > 0 && load.isBusy && !left.has(edge)) === true;
}

function isOutside({ id }: { readonly id: string }, region: ReadonlySet<string> | undefined): boolean {
  return region !== undefined && !region.has(id);
}

/** The ejected edges, as long as enough others of their state are left. The edges whose ejection ends first are kept. */
function triedLast<E>(candidates: readonly Candidate<E>[]): ReadonlySet<Candidate<E>> {
  const last = new Set<Candidate<E>>();
  if (!candidates.some(({ fitness }) => fitness.isEjected)) return last;
  for (const peers of Map.groupBy(candidates, ({ fitness }) => fitness.state).values()) {
    const ejected = peers.filter(({ fitness }) => fitness.isEjected);
    ejected.sort((a, b) => b.fitness.ejection.until - a.fitness.ejection.until);
    for (const each of ejected.slice(0, mostEjected(peers.length))) last.add(each);
  }
  return last;
}

/** The fastest edge; among those that tie with it, the one that this router prefers. */
function bestOf<E>(
  byTime: readonly Candidate<E>[],
  preference: ReadonlyMap<Candidate<E>, number>,
): Candidate<E> | undefined {
  const [fastest] = byTime;
  if (fastest === undefined) return undefined;
  const preferenceFor = (each: Candidate<E>) => preference.get(each) ?? 0;
  return byTime
    .filter(({ expectedMs }) => isTie(expectedMs, fastest.expectedMs))
    .reduce((best, each) => (preferenceFor(each) > preferenceFor(best) ? each : best));
}

/** The edge that gets the requests: the previous one, until another has been clearly better for long enough. */
function primaryOf<E>(
  peers: readonly Candidate<E>[],
  best: Candidate<E>,
  before: Ranking<E> | undefined,
  { hesitationMs, now, margins }: { hesitationMs: number; now: number; margins: Margins },
): { readonly primary: Candidate<E>; readonly doubtedSince: number | undefined } {
  const settled = { doubtedSince: undefined };
  const primary = peers.find(({ edge }) => edge === before?.ranked[0]?.edge);
  if (primary === undefined) return { primary: best, ...settled };
  if (!isClearlyBetter(best, primary, margins)) return { primary, ...settled };
  const doubtedSince = before?.doubtedSince ?? now;
  return now - doubtedSince >= hesitationMs ? { primary: best, ...settled } : { primary, doubtedSince };
}

/** In the previous order, unless one is clearly better. Only edges that were peers before have a place to keep. */
function inStableOrder<E>(
  peers: readonly Candidate<E>[],
  before: Ranking<E> | undefined,
): readonly Candidate<E>[] {
  const places = new Map(before?.ranked.slice(0, before.peers).map(({ edge }, at) => [edge, at]));
  const rankBefore = new Map<Candidate<E>, number>();
  for (const each of peers) {
    const place = places.get(each.edge);
    if (place !== undefined) rankBefore.set(each, place);
  }
  return stableOrder(peers, rankBefore);
}

function leadsOf<E>(ranked: readonly Ranked<E>[], peers: number, draw: number): Ranking<E>["leads"] {
  const leads: { upTo: number; choice: Choice<E> }[] = [];
  let upTo = 0;
  const lead = (first: Ranked<E>, share: number, reason: ChoiceReason) => {
    upTo += share;
    // The requests that wait at a busy edge that fails must not all go to one neighbour either.
    const others = first.load.isBusy ? ranked.slice(0, peers).filter((each) => each !== first) : [];
    leads.push({ upTo, choice: choiceOf(ranked, first, reason, drawHeir(others, draw)) });
  };
  for (const each of ranked.slice(0, peers)) {
    if (each.share === 0) continue;
    const standIn = each.fitness.readiness < 1 ? standInFor(each, ranked.slice(0, peers)) : undefined;
    if (standIn === undefined) lead(each, each.share, reasonFor(each, ranked));
    else {
      lead(each, each.share * each.fitness.readiness, reasonFor(each, ranked));
      lead(standIn, each.share * (1 - each.fitness.readiness), "slow-start");
    }
  }
  // Sums of fractions may end just below 1.
  const last = leads.pop();
  return last === undefined ? [] : [...leads, { ...last, upTo: 1 }];
}

/** The first edge that is warm and about as near. Without one, the fresh edge takes all its requests itself. */
function standInFor<E>(fresh: Ranked<E>, peers: readonly Ranked<E>[]): Ranked<E> | undefined {
  return peers.find(
    (each) => each.fitness.readiness === 1 && isAboutAsNear(each.expectedMs, fresh.expectedMs),
  );
}

function reasonFor<E>(first: Ranked<E>, ranked: readonly Ranked<E>[]): ChoiceReason {
  if (ranked.length === 1) return "only";
  if (first.fitness.state !== "serving") return "none-serving";
  if (first !== ranked[0]) return "moving";
  const nearer = ranked.filter(
    (each) => each.fitness.state === "serving" && !each.isTriedLast && each.expectedMs < first.expectedMs,
  );
  if (nearer.length === 0) return "nearest";
  return nearer.every(({ isInRegion }) => !isInRegion) && first.isInRegion ? "in-region" : "near-enough";
}

/** `first`, then `second` if there is one, then the others in their order. */
export function choiceOf<E>(
  ranked: readonly Ranked<E>[],
  first: Ranked<E>,
  reason: ChoiceReason,
  second?: Ranked<E>,
): Choice<E> {
  const edges = [first.edge];
  if (second !== undefined && second !== first) edges.push(second.edge);
  for (const each of ranked) if (each !== first && each !== second) edges.push(each.edge);
  return { edges, reason };
}
