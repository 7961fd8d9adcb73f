import type { Clock } from "../process/clock.ts";
import { attempt, mayTryAgain } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import type { Fleet, FleetEdge } from "./fleet.ts";
import { pickEdges } from "./pick-edge.ts";
import { RouterFailure } from "./router-failure.ts";

/** What became of a request. */
export type Forwarded =
  | { readonly kind: "relayed"; readonly edge: string }
  /** The client has part of an answer and a closed connection. */
  | { readonly kind: "cut"; readonly edge: string; readonly failure: RouterFailure }
  /** The client has nothing yet. */
  | { readonly kind: "unanswered"; readonly failure: RouterFailure };

export interface ForwardParts {
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** Called when the request turns to another edge. */
  readonly retried: (edge: string, failure: RouterFailure) => void;
}

// A request that breaks the edges it reaches must not visit them all. Refused connections do not count.
const MAX_SENT = 3;

/**
 * Tries the edges in the order of pickEdges until one begins to answer. An edge that broke off may have
 * closed an idle connection just then, so after the others it gets a second try.
 */
export async function forward(
  exchange: Exchange,
  { fleet, clock, retried }: ForwardParts,
): Promise<Forwarded> {
  const queue: FleetEdge[] = [...pickEdges(fleet.edges)];
  let last: RouterFailure | undefined;
  let sent = 0;
  for (let edge = queue.shift(); edge !== undefined; edge = queue.shift()) {
    const { health } = edge;
    if (health.kind !== "alive") continue;
    const id = health.report.edge;
    const outcome = await attempt(edge, health, exchange, clock);
    if (outcome.kind !== "failed") return { ...outcome, edge: id };
    if (exchange.givenUp.aborted || outcome.failure.code === "internal")
      return { kind: "unanswered", failure: outcome.failure };
    edge.suspectNow();
    last = outcome.failure;
    if (outcome.sent) sent += 1;
    if (sent >= MAX_SENT || !mayTryAgain(exchange, outcome)) break;
    if (last.code === "edge-broke-off") queue.push(edge);
    retried(id, last);
  }
  if (last !== undefined && last.code !== "edge-unreachable") return { kind: "unanswered", failure: last };
  return {
    kind: "unanswered",
    failure: new RouterFailure("no-edge", "no edge could take the request", last),
  };
}
