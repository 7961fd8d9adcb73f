import { NodeProgram } from "./node-program.ts";

export interface EdgeProcessOptions {
  readonly id: string;
  /** A URL, or the path of a directory; undefined: its configuration file has sites. */
  readonly origin: URL | string | undefined;
  /** redis://host:port; without it the purge log is in the edge's memory. */
  readonly redis?: string;
  readonly leaseMs?: number;
  /** More of its command line. */
  readonly flags?: readonly string[];
  /** The network namespace that it runs in, if it is another. */
  readonly namespace?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The checkout that it is launched from, if it is another. */
  readonly checkout?: string;
}

/** When a process that was stopped went on, once it has; in milliseconds of performance.now(). */
export interface Wake {
  at: number | undefined;
}

const LISTENS = /http \S+:(\d+), (?:https \S+, )?grpc \S+:(\d+), operator \S+:(\d+)/;

/** `node edge/main.ts` as a process of its own, on ports that it keeps over restarts. */
export class EdgeProcess {
  readonly id: string;
  readonly #options: EdgeProcessOptions;
  #ports: readonly [http: number, grpc: number, admin: number] = [0, 0, 0];
  #program: NodeProgram | undefined;
  #wake: Wake | undefined;
  /** The checkout that it is launched from, if it is another. */
  checkout: string | undefined;
  /** Called when it ends though nobody ended it, with what it said last. */
  onCrash: (said: string) => void = () => undefined;

  /** Not started yet: launch() does that. */
  constructor(options: EdgeProcessOptions) {
    this.id = options.id;
    this.#options = options;
    this.checkout = options.checkout;
  }

  static async start(options: EdgeProcessOptions): Promise<EdgeProcess> {
    const edge = new EdgeProcess(options);
    await edge.launch();
    return edge;
  }

  get httpPort(): number {
    return this.#ports[0];
  }

  get grpcPort(): number {
    return this.#ports[1];
  }

  /** host:port of its control plane. */
  get control(): string {
    return `127.0.0.1:${this.#ports[1]}`;
  }

  get adminPort(): number {
    return this.#ports[2];
  }

  get pid(): number {
    if (this.#program === undefined) throw new Error(`${this.id} does not run`);
    return this.#program.pid;
  }

  /** While it is stopped: whatever reaches it now is decided on after this wake. */
  get asleep(): Wake | undefined {
    return this.#wake;
  }

  get runs(): boolean {
    return this.#program !== undefined;
  }

  /** Resolves when it says that it listens. Throws what it said when it ends before. */
  async launch(): Promise<void> {
    const { id, origin, redis, leaseMs = 2000, flags = [], namespace, env = {} } = this.#options;
    const [http, grpc, admin] = this.#ports.map(String);
    const from = origin instanceof URL ? origin.origin : origin;
    const settings = { id, port: http, "grpc-port": grpc, "admin-port": admin, origin: from, redis };
    const args = Object.entries(settings).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    const { program, match } = await NodeProgram.start({
      name: id,
      command: ["edge/main.ts", ...args, "--lease", `${leaseMs}ms`, "--log-level", "error", ...flags],
      ready: LISTENS,
      env,
      checkout: this.checkout,
      ...(namespace === undefined ? {} : { namespace }),
    });
    program.onCrash = (said) => this.onCrash(said);
    this.#program = program;
    this.#ports = [Number(match[1]), Number(match[2]), Number(match[3])];
  }

  /** SIGKILL: nothing is flushed or said. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#wake = undefined;
    await this.#end("SIGKILL");
  }

  /** SIGTERM. Resolves when it is gone, with its exit code. */
  async close(): Promise<number | NodeJS.Signals | null> {
    return await this.#end("SIGTERM");
  }

  /** SIGHUP: it reads its settings again. */
  hangUp(): void {
    process.kill(this.pid, "SIGHUP");
  }

  /** SIGSTOP. Resolves when the system says that it stands still. */
  async stop(): Promise<void> {
    if (this.#program === undefined) throw new Error(`${this.id} does not run`);
    await this.#program.freeze();
    this.#wake = { at: undefined };
  }

  /** SIGCONT. */
  cont(): void {
    if (this.#wake !== undefined) this.#wake.at = performance.now();
    this.#wake = undefined;
    this.#program?.thaw();
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<number | NodeJS.Signals | null> {
    const program = this.#program;
    this.#program = undefined;
    return program === undefined ? null : await program.end(signal);
  }
}
