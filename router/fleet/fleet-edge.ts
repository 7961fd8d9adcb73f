import { parseAddress } from "../../process/address.ts";
import type { Clock } from "../../process/clock.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import { hostPort } from "../../process/listen.ts";
import type { ChoosableEdge } from "../choose/candidate.ts";
import { type EdgeHealth, lastReport } from "../measure/edge-health.ts";
import { EdgeMonitor } from "../measure/edge-monitor.ts";
import type { EdgeReport } from "../measure/ping-reply.ts";
import { EdgeTraffic } from "./edge-traffic.ts";

/** The addresses of one edge. */
export interface EdgeAddresses {
  readonly grpcAddress: string;
  /** host:port of its data port, from the heartbeat table; undefined if only its Ping reply has it. */
  readonly httpAddress: string | undefined;
}

export interface FleetEdgeParts {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Called when the edge has been ejected because requests failed there. */
  readonly ejectionChanged: () => void;
  /** undefined: edges are called without TLS. */
  readonly identity?: ControlIdentity | undefined;
}

/** One edge: its health and its traffic. */
export class FleetEdge implements ChoosableEdge {
  readonly addresses: EdgeAddresses;
  readonly monitor: EdgeMonitor;
  readonly traffic: EdgeTraffic;

  /** `isLate`: the edge joins a fleet that already takes requests. */
  constructor(addresses: EdgeAddresses, isLate: boolean, parts: FleetEdgeParts) {
    this.addresses = addresses;
    this.monitor = new EdgeMonitor(addresses.grpcAddress, { ...parts, isLate });
    this.traffic = new EdgeTraffic(parts.ejectionChanged);
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

  stop(): void {
    this.monitor.stop();
  }
}
