import { Failure } from "../process/failure.ts";
import { show } from "../process/settings/values.ts";
import { CHOICE_REASONS, type ChoiceReason } from "./choose/choice.ts";
import type { Explanation } from "./choose/chooser.ts";
import type { Policy } from "./choose/pick-edge.ts";
import type { Ranked } from "./choose/ranking.ts";
import type { RouteRequest } from "./choose/route-request.ts";
import type { FleetEdge } from "./fleet/fleet-edge.ts";
import type { EdgeState } from "./measure/ping-reply.ts";

/** The answer to GET /route.json: the edge to which a request would go now, and why. */
export interface RoutePage {
  readonly url: string;
  readonly host: string;
  readonly policy: Policy;
  /** The client's region, when the table knows it. */
  readonly region: string | null;
  /** The chosen edge; null when no edge is alive. */
  readonly edge: string | null;
  readonly reason: ChoiceReason;
  /** The reason as a sentence. */
  readonly because: string;
  /** In the order in which they are tried. */
  readonly candidates: readonly RouteCandidate[];
  /** Edges that get no requests. */
  readonly unreachable: readonly { readonly edge: string; readonly why: string }[];
}

/** One living edge. Times in milliseconds, shares from 0 to 1. */
export interface RouteCandidate {
  readonly edge: string;
  readonly httpAddress: string | null;
  readonly state: EdgeState;
  /** Requests have failed there. It is tried after the others, if enough of them are left. */
  readonly ejected: boolean;
  readonly inRegion: boolean;
  readonly rttMs: number;
  readonly rttVariationMs: number;
  readonly loss: number;
  readonly loadFactor: number;
  /** It has reported load within the last 10 s: requests leave it, or return to it, only gradually. */
  readonly loaded: boolean;
  readonly expectedMs: number;
  readonly share: number;
  readonly readiness: number;
  readonly underWay: number;
}

// The same bound as for a request line.
const MOST_URL = 8192;

/** Turns the query of /route.json into the request that it asks about. Throws Failure("bad-usage", "client"). */
export function routeQuery(query: Readonly<Record<string, unknown>>): RouteRequest {
  const { url, host = "", region } = query;
  if (typeof url !== "string" || !url.startsWith("/") || url.length > MOST_URL) {
    throw refused(
      "url",
      `a path with optional query of at most ${MOST_URL} characters, such as /index.html`,
      url,
    );
  }
  if (typeof host !== "string" || host.length > 255)
    throw refused("host", "the Host of the request, once", host);
  if (region !== undefined && (typeof region !== "string" || region.length > 64)) {
    throw refused("region", "the client's region, once", region);
  }
  return { method: "GET", host, target: url, region };
}

function refused(field: string, rule: string, got: unknown): Failure {
  return new Failure("bad-usage", "client", `${field}: must be ${rule}, got ${show(got)}`);
}

export function routePage(
  request: RouteRequest,
  explained: Explanation<FleetEdge>,
  all: readonly FleetEdge[],
): RoutePage {
  const { edges, reason, policy, region, ranking } = explained;
  const rankedBy = new Map(ranking.ranked.map((each) => [each.edge, each]));
  return {
    url: request.target,
    host: request.host,
    policy,
    region: region ?? null,
    edge: edges[0]?.id ?? null,
    reason,
    because: CHOICE_REASONS[reason],
    candidates: edges.flatMap((edge) => {
      const ranked = rankedBy.get(edge);
      return ranked === undefined ? [] : [candidate(edge, ranked)];
    }),
    unreachable: all.flatMap(({ id, health }) => {
      if (health.kind === "alive") return [];
      return [{ edge: id, why: health.kind === "dead" ? health.why : "not measured yet" }];
    }),
  };
}

function candidate(edge: FleetEdge, ranked: Ranked<FleetEdge>): RouteCandidate {
  const { health, traffic } = edge;
  const alive = health.kind === "alive" ? health : undefined;
  return {
    edge: ranked.id,
    httpAddress: alive === undefined ? null : edge.dataAddress(alive.report),
    state: ranked.fitness.state,
    ejected: ranked.fitness.isEjected,
    inRegion: ranked.isInRegion,
    rttMs: ranked.measured.rttMs,
    rttVariationMs: alive?.roundTrip.variationMs ?? 0,
    loss: ranked.measured.loss,
    loadFactor: ranked.load.factor,
    loaded: ranked.load.isLoaded,
    expectedMs: ranked.expectedMs,
    share: ranked.share,
    readiness: ranked.fitness.readiness,
    underWay: traffic.inFlight,
  };
}
