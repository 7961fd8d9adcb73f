import { Pool } from "undici";
import type { Clock } from "../process/clock.ts";
import { hostPort } from "../process/listen.ts";
import type { Log } from "../process/log.ts";
import { parseAddress } from "./address.ts";
import type { EdgeHealth } from "./edge-health.ts";
import { EdgeMonitor } from "./edge-monitor.ts";
import type { Candidate } from "./pick-edge.ts";
import type { EdgeReport } from "./ping-reply.ts";

/** Where one edge is. */
export interface EdgeAddresses {
  readonly grpcAddress: string;
  /** host:port of its HTTP data plane, when the heartbeat table tells; else its Ping reply does. */
  readonly httpAddress: string | undefined;
}

export interface FleetParts {
  readonly log: Log;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

// A port that refuses connections is not tried first for this long, though its edge still answers Pings.
const SUSPECT_MS = 1000;

const POOL_OPTIONS: Pool.Options = {
  // One lost SYN is sent again after 1 s; by then the next edge is the better choice.
  connectTimeout: 1000,
  // Below the 5 s after which most servers close an idle connection; a Keep-Alive hint of the edge goes first.
  keepAliveTimeout: 4000,
  // The router's own watch over each request decides; undici's clock would also count a slow client.
  headersTimeout: 0,
  // An edge gives up on its origin before that.
  bodyTimeout: 60_000,
  maxHeaderSize: 64 * 1024,
  pipelining: 1,
  allowH2: false,
};

/** One edge: what is known of it, and its connections. */
export class FleetEdge implements Candidate {
  readonly addresses: EdgeAddresses;
  readonly monitor: EdgeMonitor;
  readonly #clock: Clock;
  #suspectUntil = Number.NEGATIVE_INFINITY;
  #data: { readonly address: string; readonly pool: Pool } | undefined;

  constructor(addresses: EdgeAddresses, parts: FleetParts) {
    this.addresses = addresses;
    this.monitor = new EdgeMonitor(addresses.grpcAddress, parts);
    this.#clock = parts.clock;
  }

  get health(): EdgeHealth {
    return this.monitor.health;
  }

  get suspect(): boolean {
    return this.#clock.monotonic() < this.#suspectUntil;
  }

  /** A request has just failed there. */
  suspectNow(): void {
    this.#suspectUntil = this.#clock.monotonic() + SUSPECT_MS;
  }

  /** host:port of its HTTP data plane. */
  dataAddress(report: EdgeReport): string {
    const { httpAddress, grpcAddress } = this.addresses;
    if (httpAddress !== undefined) return httpAddress;
    const host = parseAddress(grpcAddress)?.host ?? report.host;
    return hostPort(host, report.httpPort);
  }

  /** Its keep-alive connections; they are replaced when a restart has moved its port. */
  pool(report: EdgeReport): Pool {
    const address = this.dataAddress(report);
    if (this.#data?.address !== address) {
      this.#closePool();
      this.#data = { address, pool: new Pool(`http://${address}`, POOL_OPTIONS) };
    }
    return this.#data.pool;
  }

  stop(): void {
    this.monitor.stop();
    this.#closePool();
  }

  /** Requests under way finish first. */
  #closePool(): void {
    void this.#data?.pool.close();
    this.#data = undefined;
  }
}

/** The edges there are, as the membership tells, each watched by its own monitor. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #edges = new Map<string, FleetEdge>();
  readonly #sharedIds = new Set<string>();

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  get edges(): readonly FleetEdge[] {
    return [...this.#edges.values()];
  }

  /** Makes the fleet exactly this; edges whose addresses have not changed keep what is known of them. */
  set(members: readonly EdgeAddresses[]): void {
    const wanted = new Map(members.map((member) => [keyOf(member), member]));
    for (const [key, edge] of this.#edges) {
      if (wanted.has(key)) continue;
      edge.stop();
      this.#edges.delete(key);
      this.#parts.log.info({ ...edge.addresses }, "edge left");
    }
    for (const [key, member] of wanted) {
      if (this.#edges.has(key)) continue;
      const edge = new FleetEdge(member, this.#parts);
      this.#edges.set(key, edge);
      edge.monitor.onPing((health, before) => this.#notice(edge, health, before));
      edge.monitor.start();
      this.#parts.log.info({ ...member }, "edge joined");
    }
  }

  /** Resolves when every edge has either answered or been found dead: at most a second after it joined. */
  async measured(): Promise<void> {
    await Promise.all(this.edges.map(({ monitor }) => verdict(monitor)));
  }

  stop(): void {
    for (const edge of this.#edges.values()) edge.stop();
    this.#edges.clear();
  }

  /** Logs what an operator should know, once when it begins. */
  #notice(edge: FleetEdge, health: EdgeHealth, before: EdgeHealth): void {
    const { log } = this.#parts;
    const { grpcAddress } = edge.addresses;
    if (health.kind === "dead" && before.kind !== "dead") {
      log.warn({ grpcAddress, why: health.why }, "edge unreachable");
    }
    if (health.kind !== "alive") return;
    const { edge: id, state } = health.report;
    const stateBefore = before.kind === "alive" ? before.report.state : before.kind;
    if (state !== stateBefore) log.info({ edge: id, grpcAddress, state, before: stateBefore }, "edge state");
    this.#reportSharedId(id);
  }

  #reportSharedId(id: string): void {
    const addresses = this.edges.flatMap(({ health, addresses }) =>
      health.kind === "alive" && health.report.edge === id ? [addresses.grpcAddress] : [],
    );
    if (addresses.length < 2) {
      this.#sharedIds.delete(id);
    } else if (!this.#sharedIds.has(id)) {
      this.#sharedIds.add(id);
      this.#parts.log.error({ edge: id, addresses }, "two edges have one id: give each its own --id");
    }
  }
}

function keyOf({ grpcAddress, httpAddress }: EdgeAddresses): string {
  return `${grpcAddress} ${httpAddress ?? ""}`;
}

function verdict(monitor: EdgeMonitor): Promise<void> {
  return new Promise((resolve) => {
    const stop = monitor.onPing((health) => {
      if (health.kind === "unmeasured") return;
      stop();
      resolve();
    });
  });
}
