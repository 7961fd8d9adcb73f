/**
 * Tells the service manager that started this program how it is, by the protocol of sd_notify(3): systemd, or what speaks
 * as it does. NOTIFY_SOCKET names a Unix datagram socket, which Node cannot open. So systemd's own systemd-notify sends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Clock } from "./clock.ts";
import { describeError } from "./failure.ts";
import type { Log } from "./log.ts";
import { answer, type Standing } from "./thread-watch.ts";

// POSIX: a shell ends so when it does not find what it is to run.
const NOT_FOUND = 127;

/**
 * A shell that sends each line that it reads. It is started once, while the program is small: to start a process copies
 * the tables of all memory, which takes 50 ms for each GiB, and no request is answered meanwhile. When the program ends, the
 * shell reads the end of its input.
 */
const TELLER = `while IFS= read -r line; do systemd-notify "$line" || [ $? -ne ${NOT_FOUND} ] || exit ${NOT_FOUND}; done`;

// sd_watchdog_enabled(3) recommends half of the time. With a third, one message may be late.
const MESSAGES_IN_TIME = 3;

/** What systemd.exec(5) and sd_watchdog_enabled(3) put into the environment of a service. */
export type ServiceEnvironment = Readonly<Record<string, string | undefined>>;

export interface ServiceManagerParts {
  readonly env: ServiceEnvironment;
  readonly log: Log;
  readonly clock: Clock;
  /** Of the threads that serve beside this one. */
  readonly threads: () => readonly Standing[];
}

export class ServiceManager {
  readonly #parts: ServiceManagerParts;
  #teller: ChildProcess | undefined;
  #stopping = false;
  #canTell: boolean;

  /** Starts what sends, if there is a service manager to tell. */
  constructor(parts: ServiceManagerParts) {
    this.#parts = parts;
    this.#canTell = parts.env.NOTIFY_SOCKET !== undefined && process.platform === "linux";
    if (this.#canTell) this.#teller = this.#start();
  }

  /** The program takes traffic. From now on it says that it goes on, for as long as it does. `status` is for people. */
  serves(status: string): void {
    // The signal may have come while it started.
    if (this.#stopping) return;
    this.#tell(`STATUS=${status}`);
    this.#tell("READY=1");
    // An older Node starts the right one, and passes signals on to it.
    const ms = watchdogMs(this.#parts.env, [process.pid, process.ppid]);
    if (ms !== undefined && this.#canTell) void this.#goOn(ms / MESSAGES_IN_TIME);
  }

  /** Whether the service manager asked for it or not. */
  stops(): void {
    this.#stopping = true;
    this.#tell("STOPPING=1");
  }

  /** Never rejects. It goes on while the program stops, because that may take longer than the watchdog waits. */
  async #goOn(everyMs: number): Promise<void> {
    const { clock, log, threads } = this.#parts;
    for (;;) {
      if (answer(threads())) this.#tell("WATCHDOG=1");
      else
        log.error("serving threads do not answer: the service manager is not told that this program goes on");
      await clock.wait(everyMs);
    }
  }

  #tell(line: string): void {
    if (!this.#canTell) return;
    this.#teller ??= this.#start();
    this.#teller.stdin?.write(`${line}\n`);
  }

  #start(): ChildProcess {
    const { env, log } = this.#parts;
    const teller = spawn("sh", ["-c", TELLER], { stdio: ["pipe", "ignore", "inherit"], env });
    const lost = (cause: string): void => {
      if (this.#teller !== teller) return;
      this.#teller = undefined;
      // A service manager that stops a program may end all of its processes at once.
      if (!this.#stopping) log.error({ cause }, "the service manager was not told how this program is");
    };
    teller.on("error", (error) => lost(describeError(error)));
    teller.stdin.on("error", (error) => lost(describeError(error)));
    teller.on("exit", (code, signal) => {
      if (code === NOT_FOUND) this.#canTell = false;
      lost(
        code === NOT_FOUND ? "systemd-notify is not installed" : `its sender ended with ${code ?? signal}`,
      );
    });
    // It is no reason for this program to go on.
    teller.unref();
    if (teller.stdin instanceof Socket) teller.stdin.unref();
    return teller;
  }
}

/** How soon the service manager wants to hear again, in milliseconds. undefined: it does not wait for these processes. */
export function watchdogMs(env: ServiceEnvironment, pids: readonly number[]): number | undefined {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = env;
  if (usec === undefined || !/^[1-9]\d*$/.test(usec)) return undefined;
  if (pid !== undefined && !pids.map(String).includes(pid)) return undefined;
  return Number(usec) / 1000;
}
