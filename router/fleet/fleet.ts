import type { Log } from "../../process/log.ts";
import type { Choice } from "../choose/choice.ts";
import { Chooser, type ChooserSettings, type Explanation } from "../choose/chooser.ts";
import type { Ranking } from "../choose/ranking.ts";
import type { RouteRequest } from "../choose/route-request.ts";
import { type AliveHealth, type EdgeHealth, lastReport, stateOf } from "../measure/edge-health.ts";
import type { EdgeState } from "../measure/ping-reply.ts";
import { type EdgeAddresses, FleetEdge, type FleetEdgeParts } from "./fleet-edge.ts";

export interface FleetParts extends Omit<FleetEdgeParts, "ejectionChanged"> {
  readonly log: Log;
  readonly choice: Pick<ChooserSettings, "policy" | "regions" | "routerId">;
  /** Called when an edge is ejected because requests fail there. */
  readonly ejected: (edge: string) => void;
  /** Called with the time that an answered Ping took. */
  readonly pinged: (edge: string, ms: number) => void;
  /** Called when an edge no longer answers Pings. */
  readonly died: (edge: FleetEdge, why: string) => void;
  /** Called when an edge is no longer in the fleet. */
  readonly left: (edge: FleetEdge) => void;
}

/** The edges of the membership, each with its own monitor, and the choice between them. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #chooser: Chooser<FleetEdge>;
  readonly #edges = new Map<string, FleetEdge>();
  readonly #sharedIds = new Set<string>();
  readonly #loggedStates = new WeakMap<FleetEdge, EdgeState>();
  /** Edges whose health service reported NOT_SERVING while their last Ping reply was `serving`. */
  readonly #unconfirmed = new WeakSet<FleetEdge>();
  /** The same edges as a list, replaced only when they change. */
  #list: readonly FleetEdge[] = [];
  /** True once the fleet takes requests: edges that join later start with a slow start. */
  #isMeasured = false;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#chooser = new Chooser({ ...parts.choice, random: parts.random });
  }

  get edges(): readonly FleetEdge[] {
    return this.#list;
  }

  /** The edges to try for this request, best first, with the reason. */
  choose(request: RouteRequest): Choice<FleetEdge> {
    return this.#chooser.choose(request);
  }

  /** A choice for such a request, with its figures. */
  explain(request: RouteRequest): Explanation<FleetEdge> {
    return this.#chooser.explain(request);
  }

  /** The ranking for clients without a known region. */
  get ranking(): Ranking<FleetEdge> {
    return this.#chooser.rankingFor({ region: undefined });
  }

  /** Whether this edge answers and does not drain. */
  isAtWork(addresses: EdgeAddresses): boolean {
    const health = this.#edges.get(keyOf(addresses))?.health;
    return health?.kind === "alive" && stateOf(health) !== "draining";
  }

  /** Replaces the members. Edges whose addresses have not changed keep their figures. */
  set(members: readonly EdgeAddresses[]): void {
    const wanted = new Map(members.map((member) => [keyOf(member), member]));
    for (const [key, edge] of this.#edges) {
      if (wanted.has(key)) continue;
      this.#edges.delete(key);
      this.#leave(edge);
      this.#parts.log.info({ ...edge.addresses }, "edge left");
    }
    for (const [key, member] of wanted) if (!this.#edges.has(key)) this.#join(key, member);
    this.#list = [...this.#edges.values()];
    this.#update();
  }

  /** Resolves when each edge has answered, is dead, or has left: at most a second after it joined. */
  async measured(): Promise<void> {
    await Promise.all(this.edges.map(({ monitor }) => monitor.measured));
    this.#isMeasured = true;
  }

  stop(): void {
    for (const edge of this.#edges.values()) this.#leave(edge);
    this.#edges.clear();
    this.#list = [];
    this.#update();
  }

  #leave(edge: FleetEdge): void {
    edge.stop();
    this.#parts.left(edge);
  }

  #join(key: string, member: EdgeAddresses): void {
    const parts = { ...this.#parts, ejectionChanged: () => this.#noticeEjection(edge) };
    const edge = new FleetEdge(member, this.#isMeasured, parts);
    this.#edges.set(key, edge);
    edge.monitor.onPing((health, before) => {
      this.#guarded(() => this.#notice(edge, health, before));
      this.#update();
    });
    edge.monitor.start();
    this.#parts.log.info({ ...member }, "edge joined");
  }

  #update(): void {
    this.#guarded(() => this.#chooser.update(this.#list, this.#parts.clock.monotonic()));
  }

  /** The boundary for everything that Pings cause. After a bug of ours the choice stays as it is. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (err) {
      this.#parts.log.error({ err }, "fault");
    }
  }

  #noticeEjection(edge: FleetEdge): void {
    const { id, traffic } = edge;
    const forMs = Math.round(traffic.ejection.until - this.#parts.clock.monotonic());
    this.#parts.ejected(id);
    this.#parts.log.warn(
      { edge: id, forMs, times: traffic.ejection.times },
      "edge ejected: requests fail there",
    );
    this.#update();
  }

  /** Logs the changes that matter to an operator, once each. */
  #notice(edge: FleetEdge, health: EdgeHealth, before: EdgeHealth): void {
    const { log } = this.#parts;
    const { grpcAddress } = edge.addresses;
    if (health.kind === "dead" && before.kind !== "dead") {
      log.warn({ grpcAddress, why: health.why }, "edge unreachable");
      this.#parts.died(edge, health.why);
    }
    if (health.kind !== "alive") return;
    const { edge: id, bootId } = health.report;
    const last = lastReport(before);
    if (last !== undefined && last.bootId !== bootId) edge.traffic.restarted();
    // A status event is not an answered Ping.
    const isAnswer = before.kind !== "alive" || before.answeredAt !== health.answeredAt;
    if (isAnswer) {
      this.#parts.pinged(id, health.pingMs);
      this.#logState(edge, health, before);
    }
    this.#reportSharedId(id);
  }

  /**
   * NOT_SERVING gives no reason. Requests leave the edge at once. The log entry waits for two Pings, because a draining
   * edge reports that in its next reply.
   */
  #logState(edge: FleetEdge, health: AliveHealth, before: EdgeHealth): void {
    const state = stateOf(health);
    const isConfirmed = state === health.report.state || this.#unconfirmed.has(edge);
    if (isConfirmed) this.#unconfirmed.delete(edge);
    else this.#unconfirmed.add(edge);
    const logged = before.kind === "alive" ? this.#loggedStates.get(edge) : before.kind;
    if (!isConfirmed || state === logged) return;
    this.#loggedStates.set(edge, state);
    const { grpcAddress } = edge.addresses;
    this.#parts.log.info({ edge: health.report.edge, grpcAddress, state, before: logged }, "edge state");
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
