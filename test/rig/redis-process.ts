import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The redis-server of the machine, or another program that takes its command line, such as a valkey-server. */
const PROGRAM = process.env.TEST_REDIS_SERVER ?? "redis-server";

/** Resolves when the program says that it is `ready`; rejects with what it said if it exits. */
export async function launchRedis(
  args: readonly string[],
  ready: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const running = spawn(PROGRAM, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  // A test run that is cut short must not leave servers behind.
  const killWithUs = () => running.kill("SIGKILL");
  process.once("exit", killWithUs);
  running.once("exit", () => process.removeListener("exit", killWithUs));

  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const said: string[] = [];
  // Lines are read for as long as it runs, or its output pipe would fill up and block it.
  createInterface(running.stdout).on("line", (line) => {
    said.push(line);
    if (line.includes(ready)) resolve();
  });
  running.once("error", reject);
  running.once("exit", () => reject(new Error(`${PROGRAM} exited: ${said.slice(-3).join(" | ")}`)));
  await promise;
  return running;
}

/** SIGKILL: nothing is flushed or said. Resolves when the process is gone. */
export async function endProcess(running: ChildProcess): Promise<void> {
  if (running.exitCode !== null || running.signalCode !== null) return;
  const gone = once(running, "exit");
  running.kill("SIGKILL");
  await gone;
}
