import { createInterface } from "node:readline/promises";
import { processMemory } from "../edge/cache/process-memory.ts";
import { systemClock } from "../process/clock.ts";
import { describeError, Failure } from "../process/failure.ts";
import { stopOnSignal } from "../process/graceful-stop.ts";
import { createLog } from "../process/log.ts";
import { warnOfUnsafeRuntime } from "../process/runtime.ts";
import { settingsOrExit } from "../process/settings/or-exit.ts";
import { banner } from "./banner.ts";
import { type StartConfig, startConfig, startProgram } from "./config.ts";
import { LOCAL_FOLDER, localCertificate } from "./local-certificate.ts";
import { type System, startSystem } from "./system.ts";
import { freeBase } from "./system-ports.ts";

const config = settingsOrExit(startProgram, startConfig);
const log = createLog("start", config.logLevel);
warnOfUnsafeRuntime(log);
try {
  const memory = processMemory({ memory: config.memory, edges: config.ports.edges.length, threads: 0 }, log);
  const certificate = config.tls ? await localCertificate(LOCAL_FOLDER, systemClock.wall()) : undefined;
  const start = (on: StartConfig) => startSystem(on, { clock: systemClock, log, memory }, certificate);
  const [system, on] = await start(config).then(
    (system) => [system, config] as const,
    (thrown: unknown) => startElsewhere(thrown, start),
  );
  stopOnSignal(Promise.resolve(system), () => system.stop(), log, { hangup: "stops" });
  process.stdout.write(banner(system, on));
} catch (thrown) {
  process.stderr.write(`start: ${describeError(thrown)}\n`);
  process.exit(1);
}

/** When a port is in use: offers others that are free, and takes them if somebody at a terminal wants that. */
async function startElsewhere(
  thrown: unknown,
  start: (on: StartConfig) => Promise<System>,
): Promise<readonly [System, StartConfig]> {
  if (!(thrown instanceof Failure) || thrown.code !== "port-in-use") throw thrown;
  const base = await freeBase(config.host);
  if (base === undefined) throw thrown;
  process.stderr.write(`start: ${describeError(thrown)}\n`);
  if (!(await isWanted(`start: Use the ports from ${base} on, which are free? [Y/n] `))) {
    process.stderr.write(`start: Others are free: npm start -- --ports ${base}\n`);
    process.exit(1);
  }
  const on = settingsOrExit(startProgram, (input) => startConfig(input, base));
  return [await start(on), on];
}

/** The answer of a person. Where none can be asked, it is no. */
async function isWanted(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>((resolve) => terminal.once("close", () => resolve("n")));
  const answer = await Promise.race([terminal.question(question), ended]);
  terminal.close();
  return /^\s*(y(es)?)?\s*$/i.test(answer);
}
