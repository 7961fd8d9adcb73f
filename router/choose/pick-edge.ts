import { hashText, rendezvousScore } from "../../http/message/rendezvous.ts";
import { hasRoom } from "./bounded-load.ts";
import type { ChoosableEdge } from "./candidate.ts";
import type { Choice } from "./choice.ts";
import { isAboutAsNear, isClearlyBetter, type Timed } from "./hysteresis.ts";
import { choiceOf, type Ranked, type Ranking } from "./ranking.ts";
import type { RouteRequest } from "./route-request.ts";

/** How the first edge is chosen among the peers. */
export type Policy =
  /** The edge with the least expected time. */
  | "nearest"
  /** The less loaded of two edges, drawn at random from those that are about equally near. */
  | "balanced"
  /** The nearer of the two edges that own the cache key. */
  | "owner";

/** Uniform in [0, 1). */
export type Random = () => number;

const NO_EDGE: Choice<never> = { edges: [], reason: "no-edge" };

/** The edges to try for this request, best first. After the chosen one come the other living edges, in the order of the ranking. */
export function pickEdge<E extends ChoosableEdge>(
  policy: Policy,
  ranking: Ranking<E>,
  request: RouteRequest,
  random: Random,
): Choice<E> {
  // With one peer there is nothing to choose between.
  if (ranking.peers < 2) return ranking.leads[0]?.choice ?? NO_EDGE;
  switch (policy) {
    case "nearest":
      return nearest(ranking, random);
    case "balanced":
      return balanced(ranking, random);
    case "owner":
      return owner(ranking, request, random);
  }
}

function nearest<E>({ leads }: Ranking<E>, random: Random): Choice<E> {
  const [first] = leads;
  if (first === undefined) return NO_EDGE;
  // Nearly always one edge has all requests.
  if (leads.length === 1) return first.choice;
  const drawn = random();
  return (leads.find(({ upTo }) => drawn < upTo) ?? first).choice;
}

/**
 * Mitzenmacher, "The Power of Two Choices": taking the better of two random edges keeps loads nearly even. It does not
 * send every request to the one edge that looked idle a moment ago.
 */
function balanced<E extends ChoosableEdge>(ranking: Ranking<E>, random: Random): Choice<E> {
  const { ranked, peers } = ranking;
  const bestMs = ranked.slice(0, peers).reduce((least, each) => Math.min(least, each.expectedMs), Infinity);
  const near = ranked.slice(0, peers).filter(({ expectedMs }) => isAboutAsNear(expectedMs, bestMs));
  const one = Math.floor(random() * near.length);
  // Any of the others, with equal probability.
  const other = (one + 1 + Math.floor(random() * (near.length - 1))) % near.length;
  const [a, b] = [near[one], near[other]];
  if (a === undefined || b === undefined || near.length === 1) return nearest(ranking, random);
  const better = loadOf(b) < loadOf(a) ? b : a;
  return choiceOf(ranked, better, "less-loaded");
}

/** An edge in slow start counts as busier. */
function loadOf<E extends ChoosableEdge>({ edge, load, fitness }: Ranked<E>): number {
  return ((edge.traffic.inFlight + 1) * load.factor) / fitness.readiness;
}

/**
 * Both owners cache the key, so that one may fail. The choice between them changes only when one is clearly nearer.
 * When both have more than their part of the requests, the key is hot, and the next edges in its order help.
 */
function owner<E extends ChoosableEdge>(
  ranking: Ranking<E>,
  request: RouteRequest,
  random: Random,
): Choice<E> {
  const { ranked, peers } = ranking;
  // RFC 3986 section 3.2.2: the host is case-insensitive.
  const key = hashText(request.target, hashText(request.host.toLowerCase()));
  const owners = ownersOf(ranked, peers, key);
  if (owners === undefined) return NO_EDGE;
  const [preferred, other] = inOrder(owners, random);
  let total = 0;
  for (let at = 0; at < peers; at += 1) total += ranked[at]?.edge.traffic.inFlight ?? 0;
  const hasRoomIn = ({ edge }: Ranked<E>) => hasRoom(edge.traffic.inFlight, total, peers);
  if (hasRoomIn(preferred)) return choiceOf(ranked, preferred, "owner", other);
  if (hasRoomIn(other)) return choiceOf(ranked, other, "owner", preferred);
  const scoreOf = ({ idHash }: Ranked<E>) => rendezvousScore(key, idHash);
  const byScore = ranked.slice(0, peers).sort((a, b) => scoreOf(b) - scoreOf(a));
  return choiceOf(ranked, byScore.find(hasRoomIn) ?? preferred, "owners-full", preferred);
}

/** The two peers with the highest rendezvous scores for the key; undefined when there are fewer than two. */
function ownersOf<E>(
  ranked: readonly Ranked<E>[],
  peers: number,
  key: number,
): readonly [Ranked<E>, Ranked<E>] | undefined {
  let [first, second]: (Ranked<E> | undefined)[] = [];
  let [firstScore, secondScore] = [-1, -1];
  for (let at = 0; at < peers; at += 1) {
    const each = ranked[at];
    if (each === undefined) continue;
    const score = rendezvousScore(key, each.idHash);
    if (score > firstScore) {
      [second, secondScore] = [first, firstScore];
      [first, firstScore] = [each, score];
    } else if (score > secondScore) [second, secondScore] = [each, score];
  }
  return first === undefined || second === undefined ? undefined : [first, second];
}

/** The preferred owner first. An owner in slow start leaves a part of its keys to the other. */
function inOrder<E>(
  [first, second]: readonly [Ranked<E>, Ranked<E>],
  random: Random,
): readonly [Ranked<E>, Ranked<E>] {
  // Uses the times with hysteresis, so that keys do not move back and forth between owners that are about equally near.
  const [near, far] = isClearlyBetter(steady(second), steady(first)) ? [second, first] : [first, second];
  const isReady = near.fitness.readiness === 1 || random() < near.fitness.readiness;
  const canStandIn = far.fitness.readiness === 1 && isAboutAsNear(far.expectedMs, near.expectedMs);
  return isReady || !canStandIn ? [near, far] : [far, near];
}

function steady<E>({ steadyMs, noiseMs }: Ranked<E>): Timed {
  return { expectedMs: steadyMs, noiseMs };
}
