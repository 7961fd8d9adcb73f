import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const START_PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 50;

/** The first line that a program says of its version; undefined when it is not on PATH. */
export function versionOf(program: string, flag: string): string | undefined {
  try {
    // Some say it on stderr.
    const said = execFileSync("sh", ["-c", `${program} ${flag} 2>&1`], { encoding: "utf8" });
    return said.split("\n")[0];
  } catch {
    return undefined;
  }
}

/** A server of another make, or of ours, as a process that ends with this one. */
export class ChildProgram {
  readonly name: string;
  readonly #process: ChildProcess;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#process = child;
  }

  /** Resolves when `port` accepts connections. `cores` pins it, as taskset names them: 0, or "0,1". */
  static async start(
    name: string,
    [program = "", ...args]: readonly string[],
    port: number,
    cores?: number | string,
  ): Promise<ChildProgram> {
    const pinned = cores === undefined ? [] : ["taskset", "-c", String(cores)];
    const [first = program, ...rest] = [...pinned, program, ...args];
    const child = spawn(first, rest, { stdio: "ignore" });
    // A run that is cut short must not leave servers behind.
    const killWithUs = () => child.kill("SIGTERM");
    process.once("exit", killWithUs);
    child.once("exit", () => process.removeListener("exit", killWithUs));
    const started = new ChildProgram(name, child);
    await started.#accepts(port);
    return started;
  }

  /** Of it and its children so far. NaN where there is no /proc. */
  processorSeconds(): number {
    const { pid } = this.#process;
    return pid === undefined ? Number.NaN : processorSecondsOf(pid);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await gone;
  }

  async #accepts(port: number): Promise<void> {
    for (const until = performance.now() + START_PATIENCE_MS; performance.now() < until; ) {
      if (this.#process.exitCode !== null)
        throw new Error(`${this.name} ended with ${this.#process.exitCode}`);
      const socket = connect(port, "127.0.0.1");
      const opened = await once(socket, "connect").then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (opened) return;
      await delay(LOOK_EVERY_MS);
    }
    throw new Error(`${this.name} does not listen on ${port}`);
  }
}

// USER_HZ of Linux, whatever the machine.
const TICKS_A_SECOND = 100;

function processorSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const own = (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    return children.reduce((sum, child) => sum + processorSecondsOf(Number(child)), own);
  } catch {
    return Number.NaN;
  }
}
