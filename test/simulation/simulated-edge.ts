import { type CacheContext, cacheOf } from "../../edge/cache/context.ts";
import { HitForMiss } from "../../edge/cache/hit-for-miss.ts";
import { type EdgeRequest, serve } from "../../edge/cache/serve.ts";
import { PurgeRecords } from "../../edge/control-plane/purge-audit.ts";
import { PurgeCalls } from "../../edge/control-plane/purge-calls.ts";
import { LeaseGrant } from "../../edge/data-plane/workers/lease-grant.ts";
import { SharedEdge } from "../../edge/data-plane/workers/shared-edge.ts";
import { Sites } from "../../edge/origin/sites.ts";
import type { PurgeFollower } from "../../edge/purging/follower.ts";
import type { Kept } from "../../edge/purging/kept.ts";
import { diskOwner, keptOn } from "../../edge/purging/resume.ts";
import type { DiskTier } from "../../edge/store/disk/disk-tier.ts";
import { evictionBy } from "../../edge/store/eviction/policies.ts";
import type { MemoryStore } from "../../edge/store/memory-store.ts";
import { MachineClock } from "../../learn/simulation/machine-clock.ts";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import { createLog } from "../../process/log.ts";
import { formatPosition } from "../../purge-log/position.ts";
import type { EdgeRules } from "./edge-rules.ts";
import { simulatedPeers } from "./peer-link.ts";
import { type Ask, askAlone, type Running } from "./running-edge.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedLink } from "./simulated-link.ts";
import type { SimulatedOrigin } from "./simulated-origin.ts";
import { SimulatedPurgeLog, type Witness } from "./simulated-purge-log.ts";
import { type Knowledge, SimulatedThread } from "./simulated-thread.ts";
import { SlicingStore } from "./slicing-store.ts";
import { Standstill } from "./standstill.ts";

// The name of the only site.
const SITE = "site";
const DRIFTED_SITE = "store";

// More than a history can fill.
const MEMORY_BYTES = 1024 * 1024;

// So little that some pages are on disk alone.
const MEMORY_BEFORE_DISK_BYTES = 3 * 1024;

// The pages of the origin, and some more.
const MOST_PAGES = 100;

// A timer fires when the event loop comes to it.
const MOST_LATE_MS = 2;

// They always fetch from the same origin.
const SITES_ON_DISK = [SITE, DRIFTED_SITE].map((name) => ({ name, origin: "origin" }));

const silent = createLog("simulation", "silent");

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
  /** Threads that serve. One thread does everything where it is 1. */
  readonly workers: number;
  /** Whether it stores on disk too. */
  readonly disk: boolean;
  /** The other edges that it asks before the origin; undefined: it asks none. */
  readonly others: (() => readonly SimulatedEdge[]) | undefined;
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
  readonly #machine: Standstill;
  readonly #control: Standstill;
  /** Which thread a client comes to. */
  readonly #kernel: SeededRandom;
  readonly #disk: SimulatedDisk | undefined;
  /** Which process it is that opens the disk. */
  #opening = 0;

  constructor(id: string, around: EdgeSurroundings) {
    this.id = id;
    this.#around = around;
    const { time, random, clockRate: rate } = around;
    this.#machine = new Standstill(time);
    this.#control = new Standstill(time, this.#machine);
    const offset = random.between(-3000, 3000);
    const defer = (run: () => void): void => this.defer(run);
    const late = random.fork();
    const wake = (run: () => void): void => {
      time.after(late.between(0, MOST_LATE_MS), () => this.defer(run));
    };
    this.#clock = new MachineClock(time, { rate, offset }, wake);
    this.site = around.drifted ? DRIFTED_SITE : SITE;
    this.wire = new SimulatedLink({ time, random: random.fork(), defer });
    // Apart, so that an edge of one thread gets the same numbers.
    this.#kernel = new SeededRandom(Math.round(offset * 1e6));
    if (around.disk) this.#disk = new SimulatedDisk(id, this.#clock, this.#kernel.fork());
  }

  /** Undefined while it is down. */
  get running(): Running | undefined {
    return this.#running;
  }

  /** Runs it now, or when the edge goes on, in order: its only thread, or the one that controls the others. */
  defer(run: () => void): void {
    this.#control.defer(run);
  }

  /** A request arrives at some thread, which takes it up when it goes on. `ask`: undefined when the thread ended. */
  take(run: (running: Running, ask: Ask) => void): void {
    const threads = this.#running?.threads ?? [];
    const thread = threads.length === 0 ? undefined : this.#kernel.pick(threads);
    (thread ?? this.#control).defer(() => {
      const running = this.#running;
      if (running === undefined) return;
      if (thread === undefined) run(running, askAlone(running));
      else if (running.threads.includes(thread)) run(running, (request) => thread.ask(request));
    });
  }

  /** As SIGSTOP: its clock goes on and nothing else does. */
  standStill(ms: number): void {
    this.#machine.begin(ms);
  }

  /** One of its threads, and the others go on. */
  standStillInPart(thread: number | "control", ms: number): void {
    if (thread === "control") this.#control.begin(ms);
    else this.#running?.threads[thread]?.standStill(ms);
  }

  crashThread(thread: number): void {
    this.#running?.threads[thread]?.crash();
  }

  /** Nothing goes on, and its monotonic clock stands still. */
  suspend(ms: number): void {
    if (this.#around.time.now < this.#machine.until) return;
    this.#clock.suspend(ms);
    this.standStill(ms);
  }

  setClock(byMs: number): void {
    this.#clock.setWall(byMs);
  }

  start(): void {
    if (this.#disk === undefined) {
      this.#boot(undefined, undefined);
      return;
    }
    this.#opening += 1;
    void this.#openDisk(this.#disk, this.#opening);
  }

  async #openDisk(disk: SimulatedDisk, opening: number): Promise<void> {
    const tier = await disk.open();
    const kept = await this.#around.rules.kept(await keptOn(tier));
    if (opening === this.#opening) this.#boot(tier, kept);
  }

  #boot(disk: DiskTier | undefined, kept: Kept | undefined): void {
    const { time, random, origin, witness, rules, leaseMs, staleWhenLapsed, workers } = this.#around;
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
    const shared = workers > 1 ? new SharedEdge(workers, rules.threads.words()) : undefined;
    const store: MemoryStore = new SlicingStore({
      maxBytes: disk === undefined ? MEMORY_BYTES : MEMORY_BEFORE_DISK_BYTES,
      lower: disk,
      watch: shared?.storeWatch(() => store),
      sharing: shared?.store,
      eviction: () => evictionBy("adaptive"),
      clock,
    });
    const applied = new Set<string>();
    const appliedAt = new Map<string, number>();
    const directory = { kind: "directory", path: "/" } as const;
    const sites = new Sites([{ name: this.site, hosts: [], origin: directory }]);
    const following = { leaseMs, purgeLog, store, clock, log: silent, sites, staleWhenLapsed, kept };
    const follower = rules.follower(following, shared?.fenceWatch);
    disk?.belongsTo(diskOwner(follower, () => SITES_ON_DISK));
    follower.onPurge(({ position, asked }) => {
      applied.add(asked.purgeId);
      appliedAt.set(formatPosition(position), time.now);
    });
    const peers = simulatedPeers(this, this.#around, follower, clock);
    const seen = origin.seenThrough((run) => this.defer(run));
    const parts: CacheContext = {
      ...cacheOf(
        {
          id: this.id,
          origins: new Map([[this.site, seen]]),
          store,
          disk,
          purges: follower,
          peers,
          clock,
          log: silent,
        },
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
    const knowledge = (): Knowledge => ({
      at: time.now,
      lapsed: staleWhenLapsed && follower.leaseLeftMs <= 0,
      applied: new Set(applied),
      appliedAt: new Map(appliedAt),
    });
    const stopped = new AbortController();
    void store.writeBehind?.run(clock, stopped.signal);
    const threads =
      shared === undefined ? [] : this.#threads(parts, follower, shared, { knowledge, stopped });
    this.#running = { parts, follower, purgeLog, purges, client, threads, knowledge, stopped };
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
    this.#opening += 1;
    this.#disk?.crash();
    this.#running?.client.close();
    this.#running?.follower.stop();
    this.#running?.stopped.abort();
    for (const thread of this.#running?.threads ?? []) thread.end();
    this.#running = undefined;
    this.#machine.end();
    this.#control.end();
  }

  #threads(
    edge: CacheContext,
    follower: PurgeFollower,
    shared: SharedEdge,
    { knowledge, stopped }: Pick<Running, "knowledge" | "stopped">,
  ): readonly SimulatedThread[] {
    const { time, rules, workers } = this.#around;
    const lease = new LeaseGrant(shared.words, () => follower.leaseLeftMs, this.#clock);
    void lease.run(stopped.signal);
    const [machine, control] = [this.#machine, this.#control];
    const around = {
      ...{ time, machine, control, shared, lease, edge, knowledge },
      rules: rules.threads,
      sites: new Sites([{ name: this.site, hosts: [], origin: { kind: "directory", path: "/" } }]),
      serve: (request: EdgeRequest) => serve(request, edge),
    };
    return Array.from(
      { length: workers },
      () => new SimulatedThread({ ...around, random: this.#kernel.fork() }),
    );
  }
}
