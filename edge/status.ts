import manifest from "../package.json" with { type: "json" };
import type { ControlIdentity } from "../process/control/control-identity.ts";
import { describeError } from "../process/failure.ts";
import { openFilesLimit } from "../process/open-files.ts";
import type { Readiness } from "../process/operator-port.ts";
import type {
  EdgeStats,
  ExamineResponse,
  PingResponse,
  StatsResponse,
} from "../proto/gen/edgecache/v1/edge.ts";
import { LogServerWatch } from "../purge-log/log-server-watch.ts";
import { formatPosition } from "../purge-log/position.ts";
import type { PurgeLog } from "../purge-log/purge-log.ts";
import type { CacheContext } from "./cache/context.ts";
import { BOUNDS_MS } from "./cache/histogram.ts";
import type { ProcessMemory } from "./cache/memory-watch.ts";
import { type GaugeName, statsOf } from "./cache/metrics.ts";
import { metricsText } from "./cache/metrics-page.ts";
import type { EdgeConfig } from "./config.ts";
import { findingsOf } from "./control-plane/findings.ts";
import { KnownMembers } from "./control-plane/known-members.ts";
import { soon } from "./control-plane/soon.ts";
import type { DataPort } from "./data-plane/data-port.ts";
import { LoopDelay } from "./data-plane/loop-delay.ts";
import { NO_CONNECTIONS } from "./origin/origin.ts";
import { type OriginState, ReachableOrigins } from "./origin/reachable.ts";
import type { PurgeFollower } from "./purging/follower.ts";
import { configDigest } from "./reload.ts";
import { diskGauges, diskStats } from "./store/disk/disk-gauges.ts";

export type EdgeState = "serving" | "lapsed" | "draining";

/** The parts that the report reads. */
interface ReportedParts extends CacheContext {
  readonly follower: PurgeFollower;
  readonly memory: ProcessMemory | undefined;
  readonly identity: Pick<ControlIdentity, "endsAt" | "findings"> | undefined;
}

/** The state of an edge, for routers, operators and metrics. */
export class EdgeReport {
  draining = false;
  /** An operator has taken it out of service. */
  #isDrained = false;
  /** The bound port; 0 before it is. */
  httpPort = 0;
  /** The digest of the settings in force. */
  config: string;

  readonly #config: EdgeConfig;
  readonly #parts: ReportedParts;
  readonly #dataPort: DataPort;
  readonly #purgeLog: PurgeLog;
  readonly #bootId: string;
  readonly #startedAt: number;
  readonly #loopDelay: LoopDelay;
  readonly #reachable: ReachableOrigins;
  readonly #logServer: LogServerWatch;
  readonly #members: KnownMembers;

  constructor(
    config: EdgeConfig,
    parts: ReportedParts,
    dataPort: DataPort,
    purgeLog: PurgeLog,
    bootId: string,
  ) {
    this.#config = config;
    this.config = configDigest(config);
    this.#parts = parts;
    this.#dataPort = dataPort;
    this.#purgeLog = purgeLog;
    this.#bootId = bootId;
    this.#logServer = new LogServerWatch(purgeLog, parts.log);
    this.#members = new KnownMembers(purgeLog, parts);
    this.#startedAt = parts.clock.monotonic();
    this.#loopDelay = new LoopDelay(parts.clock);
    this.#reachable = new ReachableOrigins(parts.origins, parts);
  }

  get state(): EdgeState {
    if (this.draining || this.#isDrained) return "draining";
    return this.#parts.follower.leaseLeftMs > 0 ? "serving" : "lapsed";
  }

  ping(): PingResponse {
    const { follower } = this.#parts;
    return {
      edge: this.#parts.id,
      bootId: this.#bootId,
      state: this.state,
      position: formatPosition(follower.position),
      leaseLeftMs: follower.leaseLeftMs,
      // A tunnel is open for hours, and is hardly any work.
      inFlight: Math.max(0, this.#dataPort.load.inFlight - this.#parts.tunnels.open),
      eventLoopDelayMs: this.#loopDelayMs,
      host: this.#config.advertise,
      httpPort: this.httpPort,
      publicUrl: this.#config.publicUrl?.origin ?? "",
      version: manifest.version,
      config: this.config,
      originsUnreachable: this.#originsUnreachable,
    };
  }

  stats(): EdgeStats {
    const { id, counters, follower, disk } = this.#parts;
    return {
      edge: id,
      state: this.state,
      position: formatPosition(follower.position),
      ...statsOf(counters, this.#gauges()),
      ...this.#measures(),
      disk: diskStats(disk?.counts, this.#config.diskSize),
      lagMs: follower.lagMs ?? -1,
      uptimeMs: Math.round(this.#parts.clock.monotonic() - this.#startedAt),
    };
  }

  #measures(): Pick<EdgeStats, "bytesSent" | "hitBytes" | "waits" | "certificateDaysLeft"> {
    const { counters, clock } = this.#parts;
    const { sent, ofHits } = counters.sites.bytes;
    const daysLeft = (this.#dataPort.certificateEndsAt - clock.wall()) / 86_400_000;
    return {
      bytesSent: sent,
      hitBytes: ofHits,
      waits: { boundsMs: [...BOUNDS_MS], counts: [...counters.waits] },
      certificateDaysLeft: Number.isFinite(daysLeft) ? daysLeft : undefined,
    };
  }

  /** The heartbeat table; as it was last read while the purge log does not answer. */
  members(): Promise<Pick<StatsResponse, "members" | "membersOutdated">> {
    return this.#members.read();
  }

  /** Prometheus text. */
  metrics(): Promise<string> {
    const { id, counters, origins, clock } = this.#parts;
    const sites = [...origins].map(
      ([site, { connections = NO_CONNECTIONS }]) => [site, connections] as const,
    );
    // An origin that does not answer must not delay the figures: they are those of the last look.
    void this.#reachable.unreachable();
    return metricsText(id, counters, this.#gauges(), {
      sites: new Map(sites),
      clients: this.#dataPort.load.connections,
      clock,
    });
  }

  async readiness(): Promise<Readiness> {
    const reasons: string[] = [];
    const warnings: string[] = [];
    if (this.draining || this.#isDrained) reasons.push("draining");
    if (this.#parts.follower.leaseLeftMs <= 0) {
      reasons.push("lapsed: the purge log has not confirmed its tail");
    }
    const unreachable = await this.#reachable.unreachable();
    // Taking an edge out of service for an origin's sake would take its hits and its other sites from clients, too.
    const { store, disk, origins } = this.#parts;
    const stored = store.objects + (disk?.counts.objects ?? 0);
    const canAnswer = stored > 0 || unreachable.length < origins.size;
    const tell = canAnswer ? warnings : reasons;
    for (const site of unreachable) {
      tell.push(`origin of site ${site} cannot be reached`);
    }
    return { ready: reasons.length === 0, reasons, warnings };
  }

  /** Takes the edge out of service for routers and balancers, or puts it back. */
  drain(isDrained: boolean): void {
    this.#isDrained = isDrained;
  }

  /** Whether the origin of each site can be reached. */
  origins(): Promise<readonly OriginState[]> {
    return this.#reachable.states();
  }

  /** What `admin-cli doctor` shows of this edge. */
  async examine(): Promise<ExamineResponse> {
    const { id, identity, clock, disk } = this.#parts;
    const origins = await this.#reachable.states();
    const server = await soon(this.#purgeLog.server(), clock).catch((thrown: unknown) =>
      describeError(thrown),
    );
    const findings = findingsOf({
      state: this.state,
      certificates: [...this.#dataPort.certificateFindings, ...(identity?.findings ?? [])],
      unreachable: origins.filter(({ state }) => state === "unreachable"),
      server,
      disk: disk?.counts.trouble,
      eventLoopDelayMs: this.#loopDelayMs,
      openFiles: await openFilesLimit(),
      node: process.versions.node,
    });
    return {
      edge: id,
      version: manifest.version,
      node: process.versions.node,
      wallMs: clock.wall(),
      logServer: typeof server === "object" ? server.version : "",
      findings: [...findings],
    };
  }

  /** Asks once for each origin, and looks at the purge log and its server until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    void this.#reachable.begin();
    await Promise.all([this.#logServer.run(this.#parts.clock, signal), this.#members.run(signal)]);
  }

  stop(): void {
    this.#loopDelay.stop();
  }

  get #originsUnreachable(): number {
    return this.#reachable.known.filter(({ state }) => state === "unreachable").length;
  }

  /** Of the busiest thread. */
  get #loopDelayMs(): number {
    return Math.max(this.#loopDelay.ms, this.#dataPort.load.loopDelayMs);
  }

  #gauges(): Record<GaugeName, number> {
    const { follower, store, disk, identity, memory, fillBudget } = this.#parts;
    return {
      ...diskGauges(disk?.counts, this.#config.diskSize),
      objects: store.objects,
      bytes: store.bytes,
      memoryLimitBytes: this.#config.memory,
      storeLimitBytes: store.limit,
      fillBytes: fillBudget.taken,
      residentBytes: memory?.rss() ?? process.memoryUsage.rss(),
      residentLimitBytes: memory?.promised ?? Number.POSITIVE_INFINITY,
      heldBytes: this.#dataPort.heldBytes,
      inFlight: this.#dataPort.load.inFlight,
      originsUnreachable: this.#originsUnreachable,
      tunnelsOpen: this.#parts.tunnels.open,
      peersLive: this.#parts.peers?.live.length ?? 0,
      purges: follower.purges,
      leaseLeftSeconds: follower.leaseLeftMs / 1000,
      lagSeconds: (follower.lagMs ?? Number.POSITIVE_INFINITY) / 1000,
      logServerProblems: this.#logServer.problems,
      eventLoopDelaySeconds: this.#loopDelayMs / 1000,
      certificateExpiryTimestampSeconds: this.#dataPort.certificateEndsAt / 1000,
      controlCertificateExpiryTimestampSeconds: (identity?.endsAt ?? Number.POSITIVE_INFINITY) / 1000,
    };
  }
}
