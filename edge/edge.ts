import { randomUUID } from "node:crypto";
import { keepCertificates } from "../http/acme/keep-certificates.ts";
import { tlsFrontOf } from "../http/tls-front.ts";
import type { Address } from "../process/address.ts";
import type { Clock } from "../process/clock.ts";
import { operatorHost } from "../process/control/operator-access.ts";
import { Failure } from "../process/failure.ts";
import { hostPort } from "../process/listen.ts";
import type { Log } from "../process/log.ts";
import { type OperatorPort, startOperatorPort } from "../process/operator-port.ts";
import type { Tracing } from "../process/tracing/tracing.ts";
import type { PurgeLog } from "../purge-log/purge-log.ts";
import { Compression } from "./cache/compressing/compression.ts";
import { type CacheContext, cacheOf } from "./cache/context.ts";
import { MemoryWatch, type ProcessMemory } from "./cache/memory-watch.ts";
import type { EdgeCounters } from "./cache/metrics.ts";
import { TopRequests } from "./cache/top-requests.ts";
import { controlHost, type EdgeConfig } from "./config.ts";
import { type ControlAccess, controlAccess } from "./control-plane/access.ts";
import { Broadcasts } from "./control-plane/broadcasts.ts";
import { explain } from "./control-plane/explain.ts";
import { PurgeRecords } from "./control-plane/purge-audit.ts";
import { PurgeCalls } from "./control-plane/purge-calls.ts";
import { traceApplied } from "./control-plane/purge-spans.ts";
import { ControlPlane } from "./control-plane/server.ts";
import { showState } from "./control-plane/shown-state.ts";
import { Warming } from "./control-plane/warming.ts";
import { whoMayCall } from "./control-plane/who-may-call.ts";
import type { DataPort } from "./data-plane/data-port.ts";
import { dataPort } from "./data-plane/open-data-port.ts";
import { edgeStore } from "./data-plane/workers/edge-store.ts";
import { type OpenedParts, openParts } from "./opened-parts.ts";
import type { LiveSites } from "./origin/live-sites.ts";
import { claimId, giveUpId } from "./purging/claim-id.ts";
import { PurgeFollower } from "./purging/follower.ts";
import { type PeerFleet, peerFleet } from "./purging/peer-fleet.ts";
import { Refill } from "./purging/refill.ts";
import { diskOwner } from "./purging/resume.ts";
import { afterReload, configDigest, type Reloaded } from "./reload.ts";
import { EdgeReport } from "./status.ts";
import type { WriteBehind } from "./store/write-behind.ts";

/** What an edge shares with the rest of its process. The purge log stays open when the edge stops. */
export interface Surroundings {
  readonly purgeLog: PurgeLog;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the process; undefined: nobody watches it. */
  readonly memory?: ProcessMemory;
  /** Reads the settings again. undefined: they are not those of this program alone. Throws a Failure. */
  readonly reread?: () => EdgeConfig;
}

/** A running edge. */
export interface Edge {
  readonly id: string;
  readonly http: Address;
  /** undefined: it has no TLS port. */
  readonly https: Address | undefined;
  readonly grpc: Address;
  readonly admin: Address;
  /**
   * Tells routers that the edge ends, and resolves when they have had the time to notice. Until then it answers requests
   * as before, each as the last of its connection. Call stop() next.
   */
  drain(): Promise<void>;
  /** Takes what may change while it runs: all of it, or nothing. Throws a Failure when it cannot. */
  reload(read: EdgeConfig): Promise<Reloaded>;
  /** Refuses new traffic, lets the answers in flight end for up to `drainMs`, closes everything it opened. */
  stop(): Promise<void>;
}

// How long a stopping edge lets calls go on.
const CALLS_PATIENCE_MS = 2_000;
// Two Pings of a router, 250 ms apart and jittered, and as long again for a far router or a busy machine.
const NOTICE_MS = 1_000;

/** Starts an edge. Throws a Failure when it cannot: an origin that is not there, a port in use. */
export async function startEdge(config: EdgeConfig, around: Surroundings): Promise<Edge> {
  const edge = new RunningEdge(config, around, await openParts(config, around));
  try {
    await edge.open();
  } catch (thrown) {
    await edge.stop();
    throw thrown;
  }
  return edge;
}

class RunningEdge implements Edge {
  readonly id: string;
  #config: EdgeConfig;
  readonly #around: Surroundings;
  readonly #parts: CacheContext;
  readonly #follower: PurgeFollower;
  readonly #sites: LiveSites;
  readonly #tracing: Tracing | undefined;
  readonly #dataPort: DataPort;
  readonly #access: ControlAccess | undefined;
  readonly #control: ControlPlane;
  readonly #bootId = randomUUID();
  readonly #purges: PurgeCalls;
  readonly #broadcasts: Broadcasts;
  readonly #refill: Refill;
  readonly #compression: Compression;
  readonly #report: EdgeReport;
  #operator: OperatorPort | undefined;
  #reloading: Promise<unknown> = Promise.resolve();
  #grpcPort = 0;
  readonly #stopped = new AbortController();
  readonly #memory: MemoryWatch | undefined;
  readonly #behind: readonly (WriteBehind | PeerFleet | Warming | undefined)[];
  #watching: Promise<unknown> | undefined;

  constructor(config: EdgeConfig, around: Surroundings, opened: OpenedParts) {
    const { sites, shared, fence, disk, kept, tracing, watched } = opened;
    const { purgeLog, clock, reread } = around;
    const log = around.log.child({ edge: config.id });
    this.id = config.id;
    this.#config = config;
    this.#around = around;
    this.#sites = sites;
    this.#tracing = tracing;
    if (tracing !== undefined)
      tracing.dropped = (spans) => this.#parts.counters.add("traceSpansDropped", spans);
    const elsewhere = () => this.#parts.fillBudget.taken + fence.bytes + this.#compression.bytes;
    const counters = (): EdgeCounters => this.#parts.counters;
    const store = edgeStore(config, shared, clock, { elsewhere, counters, lower: disk });
    if (watched !== undefined)
      this.#memory = new MemoryWatch(watched, store.limit, store, (by) => this.#dataPort.leaveBehind(by));
    const records = new PurgeRecords(config.id, clock);
    const { lease: leaseMs, staleWhenLapsed } = config;
    const parts = { fence, kept, purgeLog, store, clock, log };
    const follower = new PurgeFollower({ leaseMs, staleWhenLapsed, sites: sites.table, ...parts });
    this.#follower = follower;
    const fleet = peerFleet(config, { follower, purgeLog, sites: sites.table, clock, log, counters });
    disk?.belongsTo(diskOwner(follower, () => this.#config.sites));
    const { id, memory, purgeRate, requestIdField: tellsIds } = config;
    const short = () => this.#memory?.refuses(this.#parts.fillBudget.everTaken) === true;
    const broadcast: CacheContext["broadcast"] = (...told) => this.#broadcasts.send(...told);
    const { origins, rules: siteRules } = sites;
    this.#parts = cacheOf(
      {
        ...{ id, tellsIds, origins, siteRules, store, disk, purges: follower, clock, log, short, broadcast },
        compress: (stored, coding) => this.#compression.want(stored, coding),
        ...{ counters: shared?.counters, peers: fleet?.peers, tracer: tracing?.tracer },
        tokens: config.tokens,
      },
      memory,
    );
    this.#compression = new Compression(this.#parts);
    const purging = { ...this.#parts, follower, purgeLog, sites: sites.table };
    this.#broadcasts = new Broadcasts(purging);
    this.#refill = new Refill(this.#parts, follower);
    follower.onPurge((applied) => {
      records.applied(applied.position, applied.asked, applied.objects);
      this.#refill.purged(applied.position, applied.meant);
      traceApplied(applied, this.#parts);
    });
    this.#purges = new PurgeCalls({ ...purging, records, purgeRate });
    this.#dataPort = dataPort({
      edge: this.#parts,
      config,
      leaseLeftMs: () => follower.leaseLeftMs,
      sites: sites.table,
      shared,
    });
    this.#access = controlAccess(config, this.#parts);
    const known = { edge: this.#parts, follower, access: this.#access, purgeLog };
    this.#behind = [store.writeBehind, fleet, new Warming(config, known)];
    this.#report = new EdgeReport(
      config,
      { ...this.#parts, follower, identity: this.#access?.identity, memory: watched },
      this.#dataPort,
      purgeLog,
      this.#bootId,
    );
    const { seen } = this.#parts;
    this.#control = new ControlPlane({
      ...{ ...around, seen, store, top: new TopRequests(seen, clock) },
      id,
      purges: this.#purges,
      reload: reread && (async () => this.reload(reread())),
      status: this.#report,
      purgeShapes: config.purgeCompat,
      siteOf: (authority) => sites.table.of(authority),
      explain: (request) => explain(request, sites.table, this.#parts),
      log,
      simulateLatencyMs: config.simulateLatency,
      tokens: config.tokens,
      access: this.#access,
      onRefused: (code) => this.#parts.counters.addReason("callsRefused", code),
    });
  }

  get http(): Address {
    return { host: this.#config.host, port: this.#report.httpPort };
  }

  get https(): Address | undefined {
    const port = this.#dataPort.tlsPort;
    return port === undefined ? undefined : { host: this.#config.host, port };
  }

  get grpc(): Address {
    return { host: controlHost(this.#config), port: this.#grpcPort };
  }

  get admin(): Address {
    return { host: operatorHost(this.#config), port: this.#operator?.port ?? this.#config.adminPort };
  }

  async open(): Promise<void> {
    const { host, advertise, port, grpcPort, adminPort, adminAllowedHosts } = this.#config;
    const { clock } = this.#parts;
    const onlyHere = this.grpc.host !== host;
    const tls = await tlsFrontOf(this.#config, this.#sites.table.hosts, clock, this.#parts.log);
    this.#report.httpPort = await this.#dataPort.open(host, port, tls);
    this.#grpcPort = await this.#control.open(this.grpc.host, grpcPort);
    this.#operator = await startOperatorPort({
      host: this.admin.host,
      port: adminPort,
      names: [host, advertise, ...adminAllowedHosts],
      ...this.#control.operator,
      ready: () => this.#report.readiness(),
      metrics: () => this.#report.metrics(),
      log: this.#parts.log,
    });
    await this.#follower.start({
      edge: this.id,
      bootId: this.#bootId,
      // A control port on loopback is advertised as such.
      grpcAddress: hostPort(onlyHere ? this.grpc.host : advertise, this.#grpcPort),
      httpAddress: hostPort(advertise, this.#report.httpPort),
    });
    if (this.#follower.lagMs === undefined)
      await claimId({ edge: this.id, bootId: this.#bootId }, { ...this.#around, ...this.#parts });
    const { signal } = this.#stopped;
    const acme = keepCertificates(this.#config, { ...this.#parts, random: Math.random }, signal);
    const looks = [this.#access?.identity, tls, this.#report].map((each) => each?.run(signal));
    const reported = { report: this.#report, follower: this.#follower, control: this.#control };
    const shown = showState({ ...reported, clock }, signal);
    const runs = [this.#memory, this.#compression, ...this.#behind].map((each) => each?.run(clock, signal));
    this.#watching = Promise.all([shown, ...runs, ...looks, acme]);
    const { level, text } = whoMayCall(this.#config, onlyHere);
    this.#parts.log[level]({ grpc: hostPort(this.grpc.host, this.#grpcPort), host }, text);
  }

  reload(read: EdgeConfig): Promise<Reloaded> {
    // One after the other: each begins with what the last one left.
    const reloaded = this.#reloading.then(() => this.#take(read));
    this.#reloading = reloaded.catch(() => undefined);
    return reloaded;
  }

  async #take(read: EdgeConfig): Promise<Reloaded> {
    if (this.#stopped.signal.aborted)
      throw new Failure("stopping", "edge", "the edge stops: nothing is reloaded");
    const { config, needsRestart } = afterReload(this.#config, read);
    await this.#sites.replace(config.sites, config.ttl);
    this.#config = config;
    this.#dataPort.reload(config);
    this.#control.reload(config);
    this.#report.config = configDigest(config);
    this.#parts.log.info({ config: this.#report.config, needsRestart }, "reloaded");
    return { config: this.#report.config, needsRestart };
  }

  async drain(): Promise<void> {
    this.#announceEnd();
    if (this.#config.drain > 0) await this.#parts.clock.wait(NOTICE_MS);
  }

  async stop(): Promise<void> {
    this.#announceEnd();
    this.#stopped.abort();
    await this.#watching;
    await this.#refill.stop();
    await this.#dataPort.close(this.#config.drain);
    await this.#broadcasts.stop();
    // Nothing uses the cache any more. Earlier, a purge would be proven without this edge.
    await this.#follower.stop();
    await giveUpId({ edge: this.id, bootId: this.#bootId }, { ...this.#around, ...this.#parts });
    await this.#control.close(CALLS_PATIENCE_MS);
    await this.#purges.stop();
    await this.#operator?.stop();
    await this.#reloading;
    await this.#sites.close();
    await this.#tracing?.close();
    await this.#parts.disk?.close();
    this.#report.stop();
  }

  #announceEnd(): void {
    this.#report.draining = true;
    this.#control.setServing(false);
    this.#dataPort.windDown();
    void this.#compression.stop();
  }
}
