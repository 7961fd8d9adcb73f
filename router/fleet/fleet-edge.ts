import { parseAddress } from "../../process/address.ts";
import type { Clock } from "../../process/clock.ts";
import { hostPort } from "../../process/listen.ts";
import type { ChoosableEdge } from "../choose/candidate.ts";
import type { EdgePool } from "../forward/edge-pool.ts";
import { type EdgeHealth, lastReport } from "../measure/edge-health.ts";
import { EdgeMonitor } from "../measure/edge-monitor.ts";
import type { EdgeReport } from "../measure/ping-reply.ts";
import { EdgeTraffic } from "./edge-traffic.ts";

/** Where one edge is. */
export interface EdgeAddresses {
  readonly grpcAddress: string;
  /** host:port of its HTTP data plane, when the heartbeat table tells; else its Ping reply does. */
  readonly httpAddress: string | undefined;
}

export interface FleetEdgeParts {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Connections to an edge's HTTP data plane at host:port. */
  readonly openPool: (address: string) => EdgePool;
  /** Called when an edge has been ejected because of what requests met there. */
  readonly ejectionChanged: () => void;
}

/** One edge: what is known of it, and its connections. */
export class FleetEdge implements ChoosableEdge {
  readonly addresses: EdgeAddresses;
  readonly monitor: EdgeMonitor;
  readonly traffic: EdgeTraffic;
  readonly #openPool: FleetEdgeParts["openPool"];
  #data: { readonly address: string; readonly pool: EdgePool } | undefined;
  /** The report from which #data was made. */
  #pooledFor: EdgeReport | undefined;

  /** `isLate`: it joins a fleet that is at work already. */
  constructor(addresses: EdgeAddresses, isLate: boolean, parts: FleetEdgeParts) {
    this.addresses = addresses;
    this.monitor = new EdgeMonitor(addresses.grpcAddress, { ...parts, isLate });
    this.traffic = new EdgeTraffic(parts.ejectionChanged);
    this.#openPool = parts.openPool;
  }

  get health(): EdgeHealth {
    return this.monitor.health;
  }

  /** Its own id, or its gRPC address until it has told. */
  get id(): string {
    return lastReport(this.health)?.edge ?? this.addresses.grpcAddress;
  }

  /** Smoothed round-trip time; undefined while it does not answer. */
  get rttMs(): number | undefined {
    return this.health.kind === "alive" ? this.health.roundTrip.smoothedMs : undefined;
  }

  /** host:port of its HTTP data plane. */
  dataAddress(report: EdgeReport): string {
    const { httpAddress, grpcAddress } = this.addresses;
    if (httpAddress !== undefined) return httpAddress;
    const host = parseAddress(grpcAddress)?.host ?? report.host;
    return hostPort(host, report.httpPort);
  }

  /** Its keep-alive connections, replaced when a restart has moved its port; undefined before its first answer. */
  get pool(): EdgePool | undefined {
    const report = lastReport(this.health);
    if (report === undefined || report === this.#pooledFor) return this.#data?.pool;
    this.#pooledFor = report;
    const address = this.dataAddress(report);
    if (this.#data?.address !== address) {
      this.#data?.pool.close();
      this.#data = { address, pool: this.#openPool(address) };
    }
    return this.#data.pool;
  }

  /** Requests that wait there for an answer may turn to another edge. */
  died(why: string): void {
    this.#data?.pool.edgeDied(why);
  }

  /** Requests under way finish first. */
  stop(): void {
    this.monitor.stop();
    this.#data?.pool.close();
    this.#data = undefined;
  }
}
