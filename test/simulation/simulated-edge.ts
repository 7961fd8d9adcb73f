import { type CacheContext, cacheOf } from "../../edge/cache/context.ts";
import { HitForMiss } from "../../edge/cache/hit-for-miss.ts";
import { PurgeRecords } from "../../edge/control-plane/purge-audit.ts";
import { PurgeCalls } from "../../edge/control-plane/purge-calls.ts";
import { Sites } from "../../edge/origin/sites.ts";
import { Fence } from "../../edge/purging/fence.ts";
import { type FollowerParts, PurgeFollower } from "../../edge/purging/follower.ts";
import { evictionBy } from "../../edge/store/eviction/policies.ts";
import { MemoryStore, type MemoryStoreOptions } from "../../edge/store/memory-store.ts";
import type { Clock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { formatPosition } from "../../purge-log/position.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { ServerClock } from "../../purge-log/redis/server-clock.ts";
import type { SeededRandom } from "../rig/seeded-random.ts";
import { MachineClock } from "./machine-clock.ts";
import { SimulatedLink } from "./simulated-link.ts";
import type { SimulatedOrigin } from "./simulated-origin.ts";
import { SimulatedPurgeLog, type Witness } from "./simulated-purge-log.ts";
import type { VirtualTime } from "./virtual-time.ts";

// The name of the only site.
const SITE = "site";
const DRIFTED_SITE = "store";

// More than a history can fill.
const MEMORY_BYTES = 1024 * 1024;

// The pages of the origin, and some more.
const MOST_PAGES = 100;

// A timer fires when the event loop comes to it.
const MOST_LATE_MS = 2;

const silent = createLog("simulation", "silent");

/** The parts that a broken rule replaces. */
export interface EdgeRules {
  follower(parts: FollowerParts): PurgeFollower;
  purgeLog(log: PurgeLog, clock: Clock): PurgeLog;
  serverClock(): ServerClock;
}

// So little that a fill meets its end now and then: the targets of two purges.
export const FENCE_BYTES = 8_000;

export const REAL_RULES: EdgeRules = {
  follower: (parts) => new PurgeFollower({ ...parts, fence: new Fence(FENCE_BYTES) }),
  purgeLog: (log) => log,
  serverClock: () => new ServerClock(),
};

export interface EdgeSurroundings {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly origin: SimulatedOrigin;
  readonly witness: Witness;
  readonly rules: EdgeRules;
  readonly leaseMs: number;
  /** Milliseconds that its clock counts for each of virtual time. */
  readonly clockRate: number;
  /** Whether it calls the site by another name than the others. */
  readonly drifted: boolean;
  readonly staleWhenLapsed: boolean;
}

/** One process of an edge, from its start to its crash. */
export interface Running {
  readonly parts: CacheContext;
  readonly follower: PurgeFollower;
  readonly purgeLog: PurgeLog;
  readonly purges: PurgeCalls;
  /** The same as `purgeLog` unless a rule is broken. */
  readonly client: SimulatedPurgeLog;
  readonly staleWhenLapsed: boolean;
  /** The ids of the purges that it has applied. */
  readonly applied: ReadonlySet<string>;
  /** By position, when it had applied the purge there. */
  readonly appliedAt: ReadonlyMap<string, number>;
}

/** A machine on which an edge runs, crashes, stands still and starts again. */
export class SimulatedEdge {
  readonly id: string;
  /** Its way to Redis. */
  readonly wire: SimulatedLink;
  readonly #around: EdgeSurroundings;
  /** This edge's name for the site. */
  readonly site: string;
  readonly #clock: MachineClock;
  #running: Running | undefined;
  #boots = 0;
  #stillUntil = 0;

  constructor(id: string, around: EdgeSurroundings) {
    this.id = id;
    this.#around = around;
    const { time, random, clockRate: rate } = around;
    const offset = random.between(-3000, 3000);
    const defer = (run: () => void): void => this.defer(run);
    const late = random.fork();
    const wake = (run: () => void): void => {
      time.after(late.between(0, MOST_LATE_MS), () => this.defer(run));
    };
    this.#clock = new MachineClock(time, { rate, offset }, wake);
    this.site = around.drifted ? DRIFTED_SITE : SITE;
    this.wire = new SimulatedLink({ time, random: random.fork(), defer });
  }

  /** Undefined while it is down. */
  get running(): Running | undefined {
    return this.#running;
  }

  /** Runs it now, or when the edge goes on, in order. */
  defer(run: () => void): void {
    const { time } = this.#around;
    if (time.now >= this.#stillUntil) run();
    else time.at(this.#stillUntil, () => this.defer(run));
  }

  /** As SIGSTOP: its clock goes on and nothing else does. */
  standStill(ms: number): void {
    this.#stillUntil = Math.max(this.#stillUntil, this.#around.time.now + ms);
  }

  /** Nothing goes on, and its monotonic clock stands still. */
  suspend(ms: number): void {
    if (this.#around.time.now < this.#stillUntil) return;
    this.#clock.suspend(ms);
    this.standStill(ms);
  }

  setClock(byMs: number): void {
    this.#clock.setWall(byMs);
  }

  start(): void {
    const { time, random, origin, witness, rules, leaseMs, staleWhenLapsed } = this.#around;
    const clock = this.#clock;
    const wire = this.wire;
    const client = new SimulatedPurgeLog({
      wire,
      witness,
      time,
      clock,
      random: random.fork(),
      serverClock: rules.serverClock(),
    });
    const purgeLog = rules.purgeLog(client, clock);
    const store = new SlicingStore({
      maxBytes: MEMORY_BYTES,
      eviction: () => evictionBy("adaptive"),
      clock,
    });
    const applied = new Set<string>();
    const appliedAt = new Map<string, number>();
    const directory = { kind: "directory", path: "/" } as const;
    const sites = new Sites([{ name: this.site, hosts: [], origin: directory }]);
    const following = { leaseMs, purgeLog, store, clock, log: silent, sites, staleWhenLapsed };
    const follower = rules.follower(following);
    follower.onPurge(({ position, asked }) => {
      applied.add(asked.purgeId);
      appliedAt.set(formatPosition(position), time.now);
    });
    const seen = origin.seenThrough((run) => this.defer(run));
    const parts: CacheContext = {
      ...cacheOf(
        { id: this.id, origins: new Map([[this.site, seen]]), store, purges: follower, clock, log: silent },
        MEMORY_BYTES,
      ),
      hitForMiss: new HitForMiss(MOST_PAGES),
    };
    const purges = new PurgeCalls({
      ...parts,
      follower,
      purgeLog,
      records: new PurgeRecords(this.id, clock),
      sites,
      purgeRate: Number.POSITIVE_INFINITY,
    });
    this.#running = { parts, follower, purgeLog, purges, client, applied, appliedAt, staleWhenLapsed };
    this.#boots += 1;
    follower.start({
      edge: this.id,
      bootId: `${this.id}-${this.#boots}`,
      grpcAddress: "127.0.0.1:50051",
      httpAddress: "127.0.0.1:8081",
    });
  }

  /** As SIGKILL. Messages already sent still arrive. */
  crash(): void {
    this.#running?.client.close();
    this.#running?.follower.stop();
    this.#running = undefined;
    this.#stillUntil = 0;
  }
}

/** Gives way in the midst of every purge, as a large store does. */
class SlicingStore extends MemoryStore {
  readonly #clock: MemoryStoreOptions["clock"];

  constructor(options: MemoryStoreOptions) {
    super(options);
    this.#clock = options.clock;
  }

  override async purge(targets: readonly PurgeTarget[], softlyAt?: number): Promise<number> {
    await this.#clock.wait(0);
    const found = await super.purge(targets, softlyAt);
    await this.#clock.wait(0);
    return found;
  }
}
