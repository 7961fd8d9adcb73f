import { status } from "@grpc/grpc-js";
import type { ExplainRequest, PurgeRequest, PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetEdge } from "../fleet/fleet-edge.ts";
import { isServing } from "../measure/edge-health.ts";
import { CallFailure, EdgeCalls, type EdgeCallsParts } from "./edge-calls.ts";

export interface FleetCallsParts extends EdgeCallsParts {
  readonly fleet: Pick<Fleet, "edges">;
}

/** Calls that somebody asks for by the page: at each edge, or at one that can do them. */
export class FleetCalls {
  readonly #parts: FleetCallsParts;

  constructor(parts: FleetCallsParts) {
    this.#parts = parts;
  }

  /** What the next response for this request is, at each edge. */
  async explain(request: ExplainRequest): Promise<readonly object[]> {
    return Promise.all(
      this.#parts.fleet.edges.map(async (edge) => {
        try {
          return await this.#with(edge, (calls) => calls.explain(request));
        } catch (thrown) {
          if (!(thrown instanceof CallFailure)) throw thrown;
          return { edge: edge.id, failed: thrown.message };
        }
      }),
    );
  }

  /**
   * Purges by the first edge that takes it. An edge that goes in the middle may have done it: the id is the same at the
   * next one, so it is purged once. Throws a CallFailure.
   */
  async purge(request: PurgeRequest): Promise<PurgeResponse> {
    let failure = new CallFailure(status.UNAVAILABLE, "no edge is known");
    for (const edge of this.#bestFirst()) {
      try {
        return await this.#with(edge, (calls) => calls.purge(request));
      } catch (thrown) {
        if (!(thrown instanceof CallFailure)) throw thrown;
        failure = thrown;
        if (!MAY_GO_ELSEWHERE.has(thrown.status)) throw thrown;
      }
    }
    throw failure;
  }

  /** What each edge would purge: an edge counts for itself alone. Throws a CallFailure. */
  async dryRun(request: PurgeRequest): Promise<PurgeResponse> {
    const [first, ...more] = await Promise.all(
      this.#bestFirst()
        .filter(({ health }) => health.kind === "alive")
        .map((edge) => this.#with(edge, (calls) => calls.purge(request))),
    );
    if (first === undefined) throw new CallFailure(status.UNAVAILABLE, "no edge answers");
    return { ...first, edges: [first, ...more].flatMap(({ edges }) => edges) };
  }

  /** Serving ones reach the purge log. */
  #bestFirst(): readonly FleetEdge[] {
    const { edges } = this.#parts.fleet;
    return [
      ...edges.filter(({ health }) => isServing(health)),
      ...edges.filter(({ health }) => !isServing(health)),
    ];
  }

  async #with<T>({ addresses }: FleetEdge, call: (calls: EdgeCalls) => Promise<T>): Promise<T> {
    const calls = new EdgeCalls(addresses.grpcAddress, this.#parts);
    try {
      return await call(calls);
    } finally {
      calls.close();
    }
  }
}

const MAY_GO_ELSEWHERE: ReadonlySet<status> = new Set([status.UNAVAILABLE, status.CANCELLED]);
