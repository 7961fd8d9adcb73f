import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "./until.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// A second for a start on a busy machine, many times over.
const START_PATIENCE_MS = 60_000;
// The last output of the program, to report why it ended.
const KEPT_LINES = 20;

const run = promisify(execFile);

export interface ProgramOptions {
  /** For messages. */
  readonly name: string;
  /** Its file, from the root of the repository, and its arguments. */
  readonly command: readonly string[];
  /** The line by which it says that it listens. */
  readonly ready: RegExp;
  /** The checkout that it is of, if it is another. */
  readonly checkout?: string | undefined;
  /** The network namespace that it runs in, if it is another. */
  readonly namespace?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `node <file> …` as a process of its own, which does not outlive this one. */
export class NodeProgram {
  /** Called when it ends though nobody ended it, with what it said last. */
  onCrash: (said: string) => void = () => undefined;
  readonly #child: ChildProcess;
  readonly #said: string[] = [];
  #wanted = true;

  private constructor(
    { name, command, checkout = ROOT, namespace, env }: ProgramOptions,
    hear: (line: string) => void,
  ) {
    const inside = namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
    const [file = process.execPath, ...args] = [...inside, process.execPath, ...command];
    const child = spawn(file, args, {
      cwd: checkout,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    const killWithUs = () => child.kill("SIGKILL");
    process.once("exit", killWithUs);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        this.#said.push(line);
        if (this.#said.length > KEPT_LINES) this.#said.shift();
        hear(line);
      });
    }
    child.once("exit", (code, signal) => {
      process.removeListener("exit", killWithUs);
      if (this.#wanted) this.onCrash(`${name} ended with ${code ?? signal}: ${this.#said.join(" | ")}`);
    });
  }

  /** Resolves with what `ready` matched. Throws what it said when it ends before. */
  static async start(options: ProgramOptions): Promise<{ program: NodeProgram; match: RegExpExecArray }> {
    const ready = Promise.withResolvers<RegExpExecArray>();
    const program = new NodeProgram(options, (line) => {
      const match = options.ready.exec(line);
      if (match !== null) ready.resolve(match);
    });
    program.onCrash = (said) => ready.reject(new Error(said));
    const patience = AbortSignal.timeout(START_PATIENCE_MS);
    patience.addEventListener("abort", () =>
      ready.reject(new Error(`${options.name} does not say that it listens`)),
    );
    try {
      const match = await ready.promise;
      program.onCrash = () => undefined;
      return { program, match };
    } catch (thrown) {
      await program.end("SIGKILL");
      throw thrown;
    }
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("a program that never ran has no process id");
    return pid;
  }

  /** SIGKILL: nothing is flushed or said. SIGTERM: it may take its time. Resolves with how it ended when it is gone. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | NodeJS.Signals | null> {
    this.#wanted = false;
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
    }
    return child.exitCode ?? child.signalCode;
  }

  /** SIGSTOP. Resolves when the system says that it stands still. */
  async freeze(): Promise<void> {
    this.#child.kill("SIGSTOP");
    await until("the program stands still", async () => (await stateOf(this.pid)).startsWith("T"));
  }

  /** SIGCONT. */
  thaw(): void {
    this.#child.kill("SIGCONT");
  }
}

/** One letter, T for one that stands still. */
async function stateOf(pid: number): Promise<string> {
  if (process.platform !== "linux") {
    const { stdout } = await run("ps", ["-o", "state=", "-p", String(pid)]);
    return stdout.trim();
  }
  // Small installations have no ps. The state follows the name, which stands in parentheses and may hold any.
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2);
}
