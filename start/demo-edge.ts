import type { EdgeConfig } from "../edge/config.ts";
import { type Edge, type Surroundings, startEdge } from "../edge/edge.ts";
import type { PurgeLog } from "../purge-log/purge-log.ts";
import { SeverableLog } from "./severable-log.ts";

/** An edge of the one-command system: it can be stopped and started, moved away, and cut off from the purge log. */
export class DemoEdge {
  #config: EdgeConfig;
  readonly #around: Omit<Surroundings, "purgeLog">;
  readonly #log: SeverableLog;
  #edge: Edge;
  #isRunning = true;

  private constructor(
    edge: Edge,
    config: EdgeConfig,
    log: SeverableLog,
    around: Omit<Surroundings, "purgeLog">,
  ) {
    this.#edge = edge;
    this.#log = log;
    this.#around = around;
    // The next start is at the same ports.
    const { http, grpc, admin } = edge;
    this.#config = { ...config, port: http.port, grpcPort: grpc.port, adminPort: admin.port };
  }

  /** Throws a Failure. */
  static async start(
    config: EdgeConfig,
    purgeLog: PurgeLog,
    around: Omit<Surroundings, "purgeLog">,
  ): Promise<DemoEdge> {
    const log = new SeverableLog(purgeLog);
    return new DemoEdge(await startEdge(config, { ...around, purgeLog: log }), config, log, around);
  }

  /** The one that runs, or ran last. */
  get edge(): Edge {
    return this.#edge;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Milliseconds that the router sees it away. */
  get latencyMs(): number {
    return this.#config.simulateLatency;
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    await this.#edge.stop();
  }

  /** Throws a Failure. */
  async start(): Promise<void> {
    if (this.#isRunning) return;
    this.#edge = await startEdge(this.#config, { ...this.#around, purgeLog: this.#log });
    this.#isRunning = true;
  }

  cut(): void {
    this.#log.cut();
  }

  join(): void {
    this.#log.join();
  }

  /** More than 0, at an edge that was started so. */
  async move(latencyMs: number): Promise<void> {
    this.#config = { ...this.#config, simulateLatency: latencyMs };
    if (this.#isRunning) await this.#edge.reload(this.#config);
  }
}
