import type { FleetEdge } from "../fleet/fleet-edge.ts";
import type { EdgeReport } from "../measure/ping-reply.ts";
import { EdgePool } from "./edge-pool.ts";

interface Opened {
  readonly address: string;
  readonly pool: EdgePool;
  /** The latest report with this address. */
  report: EdgeReport;
}

/** The connections to all edges: one pool per edge, opened at its first request. */
export class EdgePools {
  readonly #opened = new Map<FleetEdge, Opened>();
  /** Edges that have left. A request may still try one, but it gets no new pool. */
  readonly #left = new WeakSet<FleetEdge>();

  /** The pool of a living edge, or a new pool if a restart has changed its port. Undefined for any other edge. */
  of(edge: FleetEdge): EdgePool | undefined {
    if (edge.health.kind !== "alive" || this.#left.has(edge)) return undefined;
    const { report } = edge.health;
    const opened = this.#opened.get(edge);
    if (opened?.report === report) return opened.pool;
    const address = edge.dataAddress(report);
    if (opened?.address === address) {
      opened.report = report;
      return opened.pool;
    }
    opened?.pool.close();
    const pool = new EdgePool(address);
    this.#opened.set(edge, { address, pool, report });
    return pool;
  }

  /** Call it when the edge no longer answers Pings. Requests that wait there may go to another edge. */
  died(edge: FleetEdge, why: string): void {
    this.#opened.get(edge)?.pool.edgeDied(why);
  }

  /** Call it when the edge has left the fleet. Requests in flight finish first. */
  left(edge: FleetEdge): void {
    this.#left.add(edge);
    this.#opened.get(edge)?.pool.close();
    this.#opened.delete(edge);
  }

  /** Closes connections that have been idle for too long. */
  sweep(now: number): void {
    for (const { pool } of this.#opened.values()) pool.sweep(now);
  }
}
