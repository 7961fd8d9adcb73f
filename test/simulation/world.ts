import type { CallResult } from "../../edge/control-plane/call-result.ts";
import { MachineClock } from "../../learn/simulation/machine-clock.ts";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import type { PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { parsePosition } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type { Confirmation } from "../../purge-log/purge-log.ts";
import { LOG_KEY } from "../../purge-log/redis/keys.ts";
import { type Action, describeAction, EDGES, type EdgeId, type Wish } from "./action.ts";
import { Client } from "./client.ts";
import { type EdgeRules, REAL_RULES } from "./edge-rules.ts";
import { type AcceptedPurge, type Violation, violations } from "./guarantees.ts";
import { LogHost, type MakeRedis } from "./log-host.ts";
import { isMeant, PAGES } from "./pages.ts";
import type { Plan } from "./plan.ts";
import { PurgeLedger } from "./purge-ledger.ts";
import { LAST_PURGE, type PurgeAction, unproven, unrecovered } from "./recovery.ts";
import { SimulatedEdge } from "./simulated-edge.ts";
import { SimulatedOrigin } from "./simulated-origin.ts";
import { SimulatedRedis } from "./simulated-redis.ts";

/** The rules that the world is built by: the real ones, or with one of them broken. */
export interface WorldRules extends EdgeRules {
  readonly redis: MakeRedis;
}

export const REAL_WORLD: WorldRules = {
  ...REAL_RULES,
  redis: (wall, runId, data) => new SimulatedRedis(wall, runId, data),
};

// The shortest lease there is, so that much happens in a short history.
const LEASE_MS = 1000;
// "Clock rates agree within 1 %": no two differ by more.
const LEAST_RATE = 0.9951;
const MOST_RATE = 1.0049;
// A caller that heard nothing for so long asks again, with the same purge id.
const CALLER_PATIENCE_MS = 2500;
const MOST_TRIES = 3;
// After everything is mended: a command's deadline, the longest pause, and a few heartbeats.
const RECOVERY_MS = 6000;

const PROBES: readonly Wish[] = ["all", "all", "range"];

/** Three edges, an origin, a purge log and clients, through one plan. */
export class World {
  readonly time = new VirtualTime();
  readonly #plan: Plan;
  readonly #random: SeededRandom;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #origin: SimulatedOrigin;
  readonly #host: LogHost;
  readonly #edges: ReadonlyMap<EdgeId, SimulatedEdge>;
  readonly #client: Client;
  readonly #ledger = new PurgeLedger(this.time);
  readonly #others: Violation[] = [];
  #purges = 0;

  constructor(plan: Plan, rules: WorldRules, trace?: (line: string) => void) {
    this.#plan = plan;
    this.#trace = trace;
    // Apart from the plan's numbers: a plan with an action less still gets the same ones here.
    this.#random = new SeededRandom(plan.seed ^ 0x5eed);
    const [time, random] = [this.time, this.#random];
    const rate = (): number => random.between(LEAST_RATE, MOST_RATE);
    const originClock = new MachineClock(time, { rate: rate(), offset: 0 });
    this.#origin = new SimulatedOrigin(time, originClock, random.fork());
    this.#host = new LogHost(time, random.fork(), rules.redis, rate());
    const witness = {
      told: (taker: string, confirmation: Confirmation) => this.#told(taker, confirmation),
      taken: (taken: Purge, position: string, runId: string) => this.#ledger.take(taken, position, runId),
      accepted: (taken: Purge, position: string, runId: string) => this.#accept(taken, position, runId),
    };
    const edgeOf = (id: EdgeId): [EdgeId, SimulatedEdge] => [
      id,
      new SimulatedEdge(id, {
        time,
        random: random.fork(),
        origin: this.#origin,
        witness,
        rules,
        leaseMs: LEASE_MS,
        clockRate: rate(),
        drifted: plan.drifted === id,
        staleWhenLapsed: plan.staleWhenLapsed === id,
        workers: plan.workers,
        disk: plan.disk === true,
        others: plan.peers === true ? () => [...this.#edges.values()] : undefined,
      }),
    ];
    this.#edges = new Map(EDGES.map(edgeOf));
    this.#client = new Client(time, random.fork(), this.#origin, (line) => this.#tell(line));
  }

  /** Lets the plan happen. Returns what was promised and not kept. */
  async run(): Promise<readonly Violation[]> {
    this.#moveAll();
    for (const edge of this.#edges.values()) edge.start();
    for (const { at, action } of this.#plan.actions) this.time.at(at, () => this.#do(action));
    await this.time.runUntil(this.#plan.lengthMs);
    if (this.#plan.recovers) await this.#recover();
    return [
      ...this.#others,
      ...this.#client.torn,
      ...this.#ledger.takenTwice,
      ...violations(this.#ledger.accepted, this.#client.answers, LEASE_MS / LEAST_RATE, LEAST_RATE),
    ];
  }

  #do(action: Action): void {
    this.#tell(() => describeAction(action));
    switch (action.kind) {
      case "read":
        this.#client.read(this.#edge(action.edge), action.target, action.wish);
        break;
      case "purge":
        this.#purges += 1;
        this.#purge(action, `purge-${Math.max(1, this.#purges - (action.reuses ?? 0))}`);
        break;
      case "crash-edge": {
        const edge = this.#edge(action.edge);
        if (edge.running === undefined) break;
        edge.crash();
        this.time.after(action.downMs, () => edge.start());
        break;
      }
      case "stop-edge":
        this.#edge(action.edge).standStill(action.ms);
        break;
      case "cut":
        for (const direction of action.directions) this.#edge(action.edge).wire.cut(direction, action.ms);
        break;
      case "slow":
        this.#edge(action.edge).wire.slow(action.ms);
        break;
      case "crash-redis":
        this.#host.crash(action.lost, action.downMs, action.offset, () => this.#moveAll());
        this.#moveAll();
        break;
      case "fail-over":
        this.#host.failOver(action.lost, action.offset);
        for (const edge of this.#edges.values()) {
          this.time.after(this.#random.between(0, action.movedMs), () => this.#move(edge));
        }
        break;
      case "refuse":
        this.#host.refuse(action.ms);
        break;
      case "flush-all":
        this.#host.flushAll();
        break;
      case "trim":
        this.#host.trim(action.keep);
        break;
      case "rogue":
        this.#host.act(action.act);
        break;
      case "lose-rows":
        this.#host.loseRows(action.of);
        break;
      case "set-clock":
        if (action.of === "redis") this.#host.setClock(action.byMs);
        else this.#edge(action.of).setClock(action.byMs);
        break;
      case "suspend-edge":
        this.#edge(action.edge).suspend(action.ms);
        break;
      case "stop-thread":
        this.#edge(action.edge).standStillInPart(action.thread, action.ms);
        break;
      case "crash-thread":
        this.#edge(action.edge).crashThread(action.thread);
        break;
      case "forget":
        this.#forget(this.#edge(action.by), action.edge);
        break;
      case "fail-origin":
        this.#origin.fail(action.ms);
        break;
    }
  }

  /** The caller's side of a purge: the origin has the new content by then, and what is unknown is tried again. */
  async #purge(action: PurgeAction, purgeId: string): Promise<void> {
    if (action.change) this.#origin.change(action.targets);
    let edge = this.#edge(action.edge);
    for (let tried = 1; tried <= MOST_TRIES; tried += 1) {
      const by = edge;
      const targets = action.targets.map((target) => (action.ofSite ? { ...target, site: by.site } : target));
      const result = await this.#call(by, { ...action, targets }, purgeId);
      if (result?.ok === false) {
        // The id stands for another purge.
        this.#tell(() => `${purgeId} at ${by.id}: ${result.code}`);
        return;
      }
      const proof = result?.value;
      this.#tell(() => `${purgeId} at ${by.id}: ${proof?.outcome ?? "no answer"} ${proof?.position ?? ""}`);
      if (proof?.outcome === "applied" || proof?.outcome === "pending") {
        const asked = { purgeId, targets, soft: action.soft };
        if (proof.outcome === "applied") this.#probe(this.#ledger.apply(asked, proof.position));
        return;
      }
      edge = this.#edge(this.#random.pick(EDGES));
    }
  }

  #call(edge: SimulatedEdge, action: PurgeAction, purgeId: string) {
    const { promise, resolve } = Promise.withResolvers<CallResult<PurgeResponse> | undefined>();
    this.time.after(CALLER_PATIENCE_MS + action.waitMs, () => resolve(undefined));
    edge.defer(() => {
      const { running } = edge;
      if (running === undefined) return;
      const { targets, soft, waitMs } = action;
      const call = { purgeId, targets, soft, waitMs, dryRun: false, reboundMs: undefined, pace: undefined };
      running.purges.carryOut(call, edge.id).then((result) => {
        if (edge.running === running) resolve(result);
      });
    });
    return promise;
  }

  /** The operator is told no while the edge may serve, or hears nothing: both are as good here. */
  #forget(by: SimulatedEdge, edge: EdgeId): void {
    by.defer(() => {
      by.running?.purgeLog.forget(edge).then(
        ({ kind }) => this.#tell(() => `forget ${edge} by ${by.id}: ${kind}`),
        () => this.#tell(() => `forget ${edge} by ${by.id}: no answer`),
      );
    });
  }

  /** A connection that broke long ago is noticed by the first call, which is then tried again. */
  async #lastPurge(): Promise<CallResult<PurgeResponse> | undefined> {
    const edge = this.#edge("edge-2");
    const first = await this.#call(edge, LAST_PURGE, "last");
    const unknown = first?.ok === true && first.value.outcome === "unknown";
    return unknown ? await this.#call(edge, LAST_PURGE, "last") : first;
  }

  /** Reads of what the purge is about, everywhere, a moment after something was promised of it. */
  #probe(of: AcceptedPurge | undefined, after = 0): void {
    const meant = PAGES.filter((page) =>
      of?.targets.some((target) => isMeant(target, page, this.#origin.version(page))),
    );
    if (meant.length === 0) return;
    for (const edge of this.#edges.values()) {
      this.time.after(after + this.#random.between(0.01, 20), () => {
        this.#client.read(edge, this.#random.pick(meant).target, this.#random.pick(PROBES));
      });
    }
  }

  #told(taker: string, confirmation: Confirmation): boolean {
    const running = [...this.#edges.values()].find(({ id }) => id === taker)?.running;
    running?.client.heard(confirmation);
    return running !== undefined;
  }

  #accept(taken: Purge, position: string, runId: string): void {
    const accepted = this.#ledger.accept(taken, position, runId);
    if (accepted === undefined) return;
    this.#client.learn(accepted.position, runId);
    this.#probe(accepted, accepted.acceptedAt + LEASE_MS / LEAST_RATE - this.time.now);
  }

  /** With everything mended, every edge must come back to its lease at the tail, and a purge is proven again. */
  async #recover(): Promise<void> {
    this.#origin.mend();
    if (this.#host.primary !== undefined) this.#host.primary.refusal = undefined;
    for (const edge of this.#edges.values()) {
      edge.wire.mend();
      this.#move(edge);
    }
    await this.time.runUntil(this.#plan.lengthMs + RECOVERY_MS);
    const asking = this.#lastPurge();
    await this.time.runUntil(this.#plan.lengthMs + RECOVERY_MS + 2 * LAST_PURGE.waitMs);
    this.#others.push(...unproven(await asking));
    const tail = parsePosition(this.#host.primary?.data.stream(LOG_KEY).last ?? "");
    for (const edge of this.#edges.values()) this.#others.push(...unrecovered(edge, tail));
  }

  #moveAll(): void {
    for (const edge of this.#edges.values()) this.#move(edge);
  }

  #move(edge: SimulatedEdge): void {
    edge.wire.redis = this.#host.primary;
  }

  #edge(id: EdgeId): SimulatedEdge {
    const edge = this.#edges.get(id);
    if (edge === undefined) throw new Error(`there is no ${id}`);
    return edge;
  }

  #tell(line: () => string): void {
    this.#trace?.(`${this.time.now.toFixed(1).padStart(8)}  ${line()}`);
  }
}
