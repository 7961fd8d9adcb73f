import type { EdgeState } from "../measure/ping-reply.ts";
import type { Candidate } from "./candidate.ts";
import type { Choice, ChoiceReason } from "./choice.ts";
import { mostEjected } from "./ejection.ts";
import { isAboutAsNear, isClearlyBetter, isTie, MARGINS, type Margins, steadied } from "./hysteresis.ts";
import { rendezvousScore } from "./rendezvous.ts";
import { type Holding, moveShares } from "./shares.ts";
import { standingOrder } from "./standing-order.ts";
import { drawTaker, isWary, takeOver } from "./take-over.ts";

/** One candidate among the others. */
export interface Ranked<E> extends Candidate<E>, Holding {
  /** It comes after the sound edges of its state. */
  readonly isAside: boolean;
  readonly isInRegion: boolean;
  /** The expected time, which changes only when it has become clearly another. */
  readonly steadyMs: number;
  /** Share of the requests whose home it is, 0 to 1. While it starts slowly a part of them goes elsewhere. */
  readonly share: number;
}

/** All candidates in the order in which they are tried, and who begins with which share of the requests. */
export interface Ranking<E> {
  readonly at: number;
  /** Since when another one is clearly better than the first; undefined while none is. */
  readonly doubtedSince: number | undefined;
  /** When others last took over what an edge had held that is no longer a peer; undefined when that never happened. */
  readonly takenOverAt: number | undefined;
  /** The best one first; the first `peers` of them are of one state and may be chosen between. */
  readonly ranked: readonly Ranked<E>[];
  readonly peers: number;
  /** Their `upTo` grow to 1: a number drawn from [0, 1) falls to the first that is above it. */
  readonly leads: readonly { readonly upTo: number; readonly choice: Choice<E> }[];
}

/** Who ranks, and for whom. */
export interface RankedFor {
  /** Of this router, drawn at random: no two break ties in the same way. */
  readonly routerHash: number;
  /** Uniform in [0, 1), drawn for this ranking. */
  readonly draw: number;
  /** Ids of the edges near the clients; undefined when their region is not known. */
  readonly region: ReadonlySet<string> | undefined;
  /** What is worth leaving an edge for. */
  readonly margins?: Margins;
}

// A lapsed edge still answers, from the origin; a draining one is about to close its connections.
const STATE_RANK: Readonly<Record<EdgeState, number>> = { serving: 0, lapsed: 1, draining: 2 };

// With what it takes to be sure of a step, 0.5 s upwards and 0.75 s downwards, a change is followed within 2 s.
const LONGEST_HESITATION_MS = 400;

/**
 * Ranks the candidates anew. First serving edges, then lapsed ones, then draining ones; of one state the sound ones
 * before those put aside, then those of the region before the others. Who is alike in all that is a peer. Peers are
 * ordered by expected time, with hysteresis; the first one stays for a moment of hesitation, which every router has
 * of its own, when another has become clearly better. Shares move to the first.
 */
export function rank<E>(
  candidates: readonly Candidate<E>[],
  before: Ranking<E> | undefined,
  now: number,
  { routerHash, region, draw, margins = MARGINS }: RankedFor,
): Ranking<E> {
  const aside = putAside(candidates);
  const tierOf = (each: Candidate<E>) =>
    STATE_RANK[each.state] * 4 + Number(aside.has(each)) * 2 + Number(isOutside(each, region));
  const wanting = new Map(candidates.map((each) => [each, rendezvousScore(routerHash, each.idHash)]));
  const byTime = candidates.toSorted(
    (a, b) =>
      tierOf(a) - tierOf(b) ||
      a.expectedMs - b.expectedMs ||
      (wanting.get(b) ?? 0) - (wanting.get(a) ?? 0) ||
      (a.id < b.id ? -1 : 1),
  );
  const [first] = byTime;
  const peers = first === undefined ? [] : byTime.filter((each) => tierOf(each) === tierOf(first));
  const best = bestOf(peers, wanting);
  if (best === undefined) {
    return { at: now, doubtedSince: undefined, takenOverAt: undefined, ranked: [], peers: 0, leads: [] };
  }

  const hesitationMs = LONGEST_HESITATION_MS * ownNumber(routerHash);
  const { home, doubtedSince } = homeOf(peers, best, before, { hesitationMs, now, margins });
  const others = standing(peers, before).filter((each) => each !== home);
  const known = new Map(before?.ranked.map((each) => [each.edge, each]));
  const ranked = [home, ...others, ...byTime.slice(peers.length)].map((each, at): Ranked<E> => {
    const last = known.get(each.edge);
    return {
      ...each,
      isAside: aside.has(each),
      isInRegion: !isOutside(each, region),
      steadyMs: steadied(last?.steadyMs, each),
      share: at < peers.length ? (last?.share ?? 0) : 0,
    };
  });
  const left = 1 - ranked.reduce((sum, { share }) => sum + share, 0);
  const isSpread = hasLostBusyEdge(before, peers);
  const takenOverAt = isSpread ? now : before?.takenOverAt;
  const takers = isSpread ? peers.length : 1;
  const held = [...takeOver(ranked.slice(0, takers), left), ...ranked.slice(takers)];
  const shared = moveShares(held, {
    elapsedMs: before === undefined ? 0 : now - before.at,
    isWary: isWary(takenOverAt, now),
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

/** Of this router, from [0, 1). */
function ownNumber(routerHash: number): number {
  return routerHash / 2 ** 32;
}

/**
 * Whether an edge is no peer any more that had many requests: one neighbour that took them all could be buried under
 * them, look dead, and bury the next one. A few go to the nearest.
 */
function hasLostBusyEdge<E>(before: Ranking<E> | undefined, peers: readonly Candidate<E>[]): boolean {
  const left = new Set(peers.map(({ edge }) => edge));
  return before?.ranked.some(({ edge, share, isBusy }) => share > 0 && isBusy && !left.has(edge)) === true;
}

function isOutside({ id }: { readonly id: string }, region: ReadonlySet<string> | undefined): boolean {
  return region !== undefined && !region.has(id);
}

/** Those that are ejected, as far as enough others of their state stay; those whose time ends first stay. */
function putAside<E>(candidates: readonly Candidate<E>[]): ReadonlySet<Candidate<E>> {
  const aside = new Set<Candidate<E>>();
  if (!candidates.some(({ isEjected }) => isEjected)) return aside;
  for (const peers of Map.groupBy(candidates, ({ state }) => state).values()) {
    const ejected = peers.filter(({ isEjected }) => isEjected);
    ejected.sort((a, b) => b.ejection.until - a.ejection.until);
    for (const each of ejected.slice(0, mostEjected(peers.length))) aside.add(each);
  }
  return aside;
}

/** The fastest; of those that tie with it the one that this router wants most. */
function bestOf<E>(
  byTime: readonly Candidate<E>[],
  wanting: ReadonlyMap<Candidate<E>, number>,
): Candidate<E> | undefined {
  const [fastest] = byTime;
  if (fastest === undefined) return undefined;
  const wantedBy = (each: Candidate<E>) => wanting.get(each) ?? 0;
  return byTime
    .filter(({ expectedMs }) => isTie(expectedMs, fastest.expectedMs))
    .reduce((best, each) => (wantedBy(each) > wantedBy(best) ? each : best));
}

/** Where requests go: where they went before, until another has been clearly better for long enough. */
function homeOf<E>(
  peers: readonly Candidate<E>[],
  best: Candidate<E>,
  before: Ranking<E> | undefined,
  { hesitationMs, now, margins }: { hesitationMs: number; now: number; margins: Margins },
): { readonly home: Candidate<E>; readonly doubtedSince: number | undefined } {
  const settled = { doubtedSince: undefined };
  const home = peers.find(({ edge }) => edge === before?.ranked[0]?.edge);
  if (home === undefined) return { home: best, ...settled };
  if (!isClearlyBetter(best, home, margins)) return { home, ...settled };
  const doubtedSince = before?.doubtedSince ?? now;
  return now - doubtedSince >= hesitationMs ? { home: best, ...settled } : { home, doubtedSince };
}

/** As before, as far as nothing is clearly better; who was not among the peers before has no place to keep. */
function standing<E>(
  peers: readonly Candidate<E>[],
  before: Ranking<E> | undefined,
): readonly Candidate<E>[] {
  const places = new Map(before?.ranked.slice(0, before.peers).map(({ edge }, at) => [edge, at]));
  const rankBefore = new Map<Candidate<E>, number>();
  for (const each of peers) {
    const place = places.get(each.edge);
    if (place !== undefined) rankBefore.set(each, place);
  }
  return standingOrder(peers, rankBefore);
}

function leadsOf<E>(ranked: readonly Ranked<E>[], peers: number, draw: number): Ranking<E>["leads"] {
  const leads: { upTo: number; choice: Choice<E> }[] = [];
  let upTo = 0;
  const lead = (first: Ranked<E>, share: number, reason: ChoiceReason) => {
    upTo += share;
    // Should a busy edge fail, what waits there must not turn to one neighbour all at once either.
    const others = first.isBusy ? ranked.slice(0, peers).filter((each) => each !== first) : [];
    leads.push({ upTo, choice: choiceOf(ranked, first, reason, drawTaker(others, draw)) });
  };
  for (const each of ranked.slice(0, peers)) {
    if (each.share === 0) continue;
    const standIn = each.readiness < 1 ? standInFor(each, ranked.slice(0, peers)) : undefined;
    if (standIn === undefined) lead(each, each.share, reasonFor(each, ranked));
    else {
      lead(each, each.share * each.readiness, reasonFor(each, ranked));
      lead(standIn, each.share * (1 - each.readiness), "slow-start");
    }
  }
  // Sums of fractions may end just below 1.
  const last = leads.pop();
  return last === undefined ? [] : [...leads, { ...last, upTo: 1 }];
}

/** The first one that has warmed up and is about as near; an edge without one takes all of its requests. */
function standInFor<E>(fresh: Ranked<E>, peers: readonly Ranked<E>[]): Ranked<E> | undefined {
  return peers.find((each) => each.readiness === 1 && isAboutAsNear(each.expectedMs, fresh.expectedMs));
}

function reasonFor<E>(first: Ranked<E>, ranked: readonly Ranked<E>[]): ChoiceReason {
  if (ranked.length === 1) return "only";
  if (first.state !== "serving") return "none-serving";
  if (first !== ranked[0]) return "moving";
  const nearer = ranked.filter(
    (each) => each.state === "serving" && !each.isAside && each.expectedMs < first.expectedMs,
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
