import { parseAddress } from "../../process/address.ts";
import type { Clock } from "../../process/clock.ts";
import { hostPort } from "../../process/listen.ts";
import type { ChoosableEdge } from "../choose/candidate.ts";
import type { EdgePool } from "../forward/edge-pool.ts";
import { type EdgeHealth, lastReport } from "../measure/edge-health.ts";
import { EdgeMonitor } from "../measure/edge-monitor.ts";
import type { EdgeReport } from "../measure/ping-reply.ts";
import { EdgeTraffic } from "./edge-traffic.ts";

/** The addresses of one edge. */
export interface EdgeAddresses {
  readonly grpcAddress: string;
  /** host:port of its data port, from the heartbeat table; undefined where only its Ping reply tells it. */
  readonly httpAddress: string | undefined;
}

export interface FleetEdgeParts {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Opens connections to the data port at host:port. */
  readonly openPool: (address: string) => EdgePool;
  /** Called when the edge has been ejected because requests failed there. */
  readonly ejectionChanged: () => void;
}

/** One edge: its health, its traffic and its connections. */
export class FleetEdge implements ChoosableEdge {
  readonly addresses: EdgeAddresses;
  readonly monitor: EdgeMonitor;
  readonly traffic: EdgeTraffic;
  readonly #openPool: FleetEdgeParts["openPool"];
  #data: { readonly address: string; readonly pool: EdgePool } | undefined;
  /** The report from which #data was made. */
  #pooledFor: EdgeReport | undefined;

  /** `isLate`: the edge joins a fleet that already takes requests. */
  constructor(addresses: EdgeAddresses, isLate: boolean, parts: FleetEdgeParts) {
    this.addresses = addresses;
    this.monitor = new EdgeMonitor(addresses.grpcAddress, { ...parts, isLate });
    this.traffic = new EdgeTraffic(parts.ejectionChanged);
    this.#openPool = parts.openPool;
  }

  get health(): EdgeHealth {
    return this.monitor.health;
  }

  /** Its id, or its gRPC address until its first Ping reply. */
  get id(): string {
    return lastReport(this.health)?.edge ?? this.addresses.grpcAddress;
  }

  /** Smoothed round-trip time; undefined while it does not answer. */
  get rttMs(): number | undefined {
    return this.health.kind === "alive" ? this.health.roundTrip.smoothedMs : undefined;
  }

  /** host:port of its data port. */
  dataAddress(report: EdgeReport): string {
    const { httpAddress, grpcAddress } = this.addresses;
    if (httpAddress !== undefined) return httpAddress;
    const host = parseAddress(grpcAddress)?.host ?? report.host;
    return hostPort(host, report.httpPort);
  }

  /** The pool of kept connections; undefined while none has been opened. */
  get pool(): EdgePool | undefined {
    return this.#data?.pool;
  }

  /** The pool for an edge that reports this. It is opened when needed, and again when a restart has moved the port. */
  poolFor(report: EdgeReport): EdgePool {
    if (this.#data !== undefined && report === this.#pooledFor) return this.#data.pool;
    this.#pooledFor = report;
    const address = this.dataAddress(report);
    if (this.#data?.address !== address) {
      this.#data?.pool.close();
      this.#data = { address, pool: this.#openPool(address) };
    }
    return this.#data.pool;
  }

  /** Requests that wait there for a response may go to another edge. */
  died(why: string): void {
    this.#data?.pool.edgeDied(why);
  }

  /** Requests in flight finish first. */
  stop(): void {
    this.monitor.stop();
    this.#data?.pool.close();
    this.#data = undefined;
  }
}
