import { processMemory } from "../edge/cache/process-memory.ts";
import { systemClock } from "../process/clock.ts";
import { describeError, Failure } from "../process/failure.ts";
import { stopOnSignal } from "../process/graceful-stop.ts";
import { createLog } from "../process/log.ts";
import { warnOfUnsafeRuntime } from "../process/runtime.ts";
import { settingsOrExit } from "../process/settings/or-exit.ts";
import { banner } from "./banner.ts";
import { startConfig, startProgram } from "./config.ts";
import { LOCAL_FOLDER, localCertificate } from "./local-certificate.ts";
import { startSystem } from "./system.ts";

const config = settingsOrExit(startProgram, startConfig);
const log = createLog("start", config.logLevel);
warnOfUnsafeRuntime(log);
try {
  const memory = processMemory({ memory: config.memory, edges: config.ports.edges.length, threads: 0 }, log);
  const certificate = config.tls ? await localCertificate(LOCAL_FOLDER, systemClock.wall()) : undefined;
  const system = await startSystem(config, { clock: systemClock, log, memory }, certificate);
  stopOnSignal(() => system.stop(), log, { hangup: "stops" });
  process.stdout.write(banner(system, config));
} catch (thrown) {
  const inUse = thrown instanceof Failure && thrown.code === "port-in-use";
  const hint = inUse
    ? " (the ports of this system are fixed; an edge or a router started alone takes --port)"
    : "";
  process.stderr.write(`start: ${describeError(thrown)}${hint}\n`);
  process.exit(1);
}
