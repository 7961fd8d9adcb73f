import type { FleetEdge } from "../fleet/fleet-edge.ts";
import type { EdgeReport } from "../measure/ping-reply.ts";
import { EdgePool } from "./edge-pool.ts";

interface Opened {
  readonly address: string;
  readonly pool: EdgePool;
  /** The latest report that named this address. */
  report: EdgeReport;
}

/** The connections to all edges of the fleet: one pool an edge, opened with its first request. */
export class EdgePools {
  readonly #opened = new Map<FleetEdge, Opened>();
  /** A request may still hold an edge that has left: no pool is opened for it again. */
  readonly #left = new WeakSet<FleetEdge>();

  /** The pool of a living edge, a new one when a restart has moved its port. Undefined for every other edge. */
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

  /** The edge no longer answers Pings: requests that wait there for a response may go to another edge. */
  died(edge: FleetEdge, why: string): void {
    this.#opened.get(edge)?.pool.edgeDied(why);
  }

  /** The edge has left the fleet. Requests in flight finish first. */
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
