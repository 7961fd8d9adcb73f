import type { Clock } from "../../process/clock.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import { describeError } from "../../process/failure.ts";
import { EdgeChannel } from "./edge-channel.ts";
import {
  type EdgeHealth,
  nextHealth,
  type PingEvent,
  SILENCE_UNTIL_DEAD_MS,
  silentAt,
  unmeasured,
} from "./edge-health.ts";

// Four Pings a second show a change of route within two seconds. Each costs about 300 bytes.
const PERIOD_MS = 250;

// Keeps the Pings of many routers and edges out of step.
const JITTER = 0.1;

// A wake-up that is a whole period late means that this process stalled: it sent no Pings and read no replies. That
// must not look like the death of every edge.
const STALL_MS = PERIOD_MS;

export interface MonitorParts {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The edge joins a fleet that is already running. */
  readonly isLate?: boolean;
  /** undefined: edges are called without TLS. */
  readonly identity?: ControlIdentity | undefined;
}

type HealthListener = (health: EdgeHealth, before: EdgeHealth) => void;

/** Pings one edge periodically and keeps its health. */
export class EdgeMonitor {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #channel: EdgeChannel;
  readonly #listeners = new Set<HealthListener>();
  readonly #stopped = new AbortController();
  readonly #measured = Promise.withResolvers<void>();
  #health: EdgeHealth;
  /** When this process last noticed a stall of its own. The time of silence starts again then. */
  #stalledAt = Number.NEGATIVE_INFINITY;
  /** When a dead edge last answered again. */
  #revivedAt = Number.NEGATIVE_INFINITY;

  constructor(grpcAddress: string, parts: MonitorParts) {
    this.#clock = parts.clock;
    this.#random = parts.random;
    const changed = () => this.#take(this.#status());
    this.#channel = new EdgeChannel(grpcAddress, parts.clock, changed, parts.identity);
    this.#health = unmeasured(parts.clock.monotonic(), parts.isLate);
  }

  get health(): EdgeHealth {
    return this.#health;
  }

  /** Calls `listener` after every Ping and every change of the gRPC health. Returns a function that stops it. */
  onPing(listener: HealthListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when the edge has answered or is dead, or when the monitor stops. */
  get measured(): Promise<void> {
    return this.#measured.promise;
  }

  start(): void {
    // The loop ends only when stop() aborts its wait.
    this.#run(this.#stopped.signal).catch((thrown: unknown) => {
      if (!this.#stopped.signal.aborted) throw thrown;
    });
  }

  stop(): void {
    this.#stopped.abort();
    this.#listeners.clear();
    this.#channel.close();
    this.#measured.resolve();
  }

  /** Pings overlap when a round trip is longer than the period. Their deadline limits how many. */
  async #run(signal: AbortSignal): Promise<void> {
    let pingAt = this.#clock.monotonic();
    while (!signal.aborted) {
      const now = this.#clock.monotonic();
      if (now >= pingAt) {
        void this.#ping();
        pingAt = now + PERIOD_MS * (1 - JITTER + 2 * JITTER * this.#random());
      }
      const wakeAt = Math.min(pingAt, this.#silentAt());
      await this.#clock.wait(Math.max(0, wakeAt - now), signal);
      const late = this.#clock.monotonic() - wakeAt;
      if (late > STALL_MS) this.#stalledAt = this.#clock.monotonic();
      if (this.#clock.monotonic() >= this.#silentAt()) this.#take({ kind: "silent" });
    }
  }

  #silentAt(): number {
    return Math.max(silentAt(this.#health), this.#stalledAt + SILENCE_UNTIL_DEAD_MS);
  }

  async #ping(): Promise<void> {
    const sentAt = this.#clock.monotonic();
    let event: PingEvent;
    try {
      let sample = await this.#channel.ping();
      // This Ping was sent during the outage, so it measured the outage: send another one.
      if (this.#health.kind === "dead" || sentAt < this.#revivedAt) sample = await this.#channel.ping();
      event = { ...sample, kind: "answered", notServing: this.#status().notServing };
    } catch (thrown) {
      event = { kind: "missed", why: describeError(thrown) };
    }
    if (!this.#stopped.signal.aborted) this.#take(event);
  }

  #status(): Extract<PingEvent, { kind: "status" }> {
    return { kind: "status", notServing: this.#channel.health === "not-serving" };
  }

  #take(event: PingEvent): void {
    const before = this.#health;
    const now = this.#clock.monotonic();
    this.#health = nextHealth(before, event, now);
    if (before.kind === "dead" && this.#health.kind === "alive") this.#revivedAt = now;
    if (this.#health.kind !== "unmeasured") this.#measured.resolve();
    for (const listener of this.#listeners) listener(this.#health, before);
  }
}
