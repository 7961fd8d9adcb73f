import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// A second for a start on a busy machine, many times over.
const START_PATIENCE_MS = 60_000;
// What it said last, for a report of why it ended.
const KEPT_LINES = 20;

const run = promisify(execFile);

export interface EdgeProcessOptions {
  readonly id: string;
  readonly origin: URL;
  /** redis://host:port; without it the purge log is in the edge's memory. */
  readonly redis?: string;
  readonly leaseMs?: number;
  /** More of its command line. */
  readonly flags?: readonly string[];
}

/** When a process that was stopped went on, once it has; in milliseconds of performance.now(). */
export interface Wake {
  at: number | undefined;
}

/** `node edge/main.ts` as a process of its own, on ports that it keeps over restarts. */
export class EdgeProcess {
  readonly id: string;
  readonly #options: EdgeProcessOptions;
  #ports: readonly [http: number, grpc: number, admin: number] = [0, 0, 0];
  #process: ChildProcess | undefined;
  #wanted = false;
  #said: string[] = [];
  #wake: Wake | undefined;
  /** Called when it ends though nobody ended it, with what it said last. */
  onCrash: (said: string) => void = () => undefined;

  private constructor(options: EdgeProcessOptions) {
    this.id = options.id;
    this.#options = options;
  }

  static async start(options: EdgeProcessOptions): Promise<EdgeProcess> {
    const edge = new EdgeProcess(options);
    await edge.launch();
    return edge;
  }

  get httpPort(): number {
    return this.#ports[0];
  }

  /** host:port of its control plane. */
  get control(): string {
    return `127.0.0.1:${this.#ports[1]}`;
  }

  get adminPort(): number {
    return this.#ports[2];
  }

  /** While it is stopped: whatever reaches it now is decided on after this wake. */
  get asleep(): Wake | undefined {
    return this.#wake;
  }

  /** Resolves when it says that it listens. Throws what it said when it ends before. */
  async launch(): Promise<void> {
    const { id, origin, redis, leaseMs = 2000, flags = [] } = this.#options;
    const [http, grpc, admin] = this.#ports.map(String);
    const settings = { id, port: http, "grpc-port": grpc, "admin-port": admin, origin: origin.origin, redis };
    const args = Object.entries(settings).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    const command = ["edge/main.ts", ...args, "--lease", `${leaseMs}ms`, "--log-level", "error", ...flags];
    const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    // A run that is cut short must not leave edges behind.
    const killWithUs = () => child.kill("SIGKILL");
    process.once("exit", killWithUs);
    this.#process = child;
    this.#wanted = true;
    this.#said = [];
    const listening = Promise.withResolvers<readonly [number, number, number]>();
    createInterface(child.stderr).on("line", (line) => this.#hear(line));
    createInterface(child.stdout).on("line", (line) => {
      const [, http, grpc, admin] = /http \S+:(\d+), grpc \S+:(\d+), operator \S+:(\d+)/.exec(line) ?? [];
      if (admin !== undefined) listening.resolve([Number(http), Number(grpc), Number(admin)]);
    });
    child.once("exit", (code, signal) => {
      process.removeListener("exit", killWithUs);
      const said = `${id} ended with ${code ?? signal}: ${this.#said.join(" | ")}`;
      listening.reject(new Error(said));
      if (this.#wanted && this.#process === child) this.onCrash(said);
    });
    const patience = AbortSignal.timeout(START_PATIENCE_MS);
    patience.addEventListener("abort", () =>
      listening.reject(new Error(`${id} does not say that it listens`)),
    );
    this.#ports = await listening.promise;
  }

  /** SIGKILL: nothing is flushed or said. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#wanted = false;
    this.#wake = undefined;
    await this.#end("SIGKILL");
  }

  /** SIGTERM. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#wanted = false;
    await this.#end("SIGTERM");
  }

  /** SIGSTOP. Resolves when the system says that it stands still. */
  async stop(): Promise<void> {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error(`${this.id} does not run`);
    this.#process?.kill("SIGSTOP");
    while (!(await stateOf(pid)).startsWith("T")) await delay(1);
    this.#wake = { at: undefined };
  }

  /** SIGCONT. */
  cont(): void {
    if (this.#wake !== undefined) this.#wake.at = performance.now();
    this.#wake = undefined;
    this.#process?.kill("SIGCONT");
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  #hear(line: string): void {
    this.#said.push(line);
    if (this.#said.length > KEPT_LINES) this.#said.shift();
  }
}

async function stateOf(pid: number): Promise<string> {
  const { stdout } = await run("ps", ["-o", "state=", "-p", String(pid)]);
  return stdout.trim();
}
