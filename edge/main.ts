import { systemClock } from "../process/clock.ts";
import { describeError } from "../process/failure.ts";
import { stopOnSignal, unlessRefused } from "../process/graceful-stop.ts";
import { standings } from "../process/kept-thread.ts";
import { hostPort } from "../process/listen.ts";
import { createLog } from "../process/log.ts";
import { warnOfUnsafeRuntime } from "../process/runtime.ts";
import { ServiceManager } from "../process/service-manager.ts";
import { SettingsFiles } from "../process/settings/follow-files.ts";
import { rereadSettings, settingsOrExit } from "../process/settings/or-exit.ts";
import { refuseUnfit } from "../purge-log/log-server-watch.ts";
import { openPurgeLog } from "../purge-log/open-purge-log.ts";
import { processMemory } from "./cache/process-memory.ts";
import { edgeConfig, edgeProgram } from "./config.ts";
import { NO_TOKEN_RULE } from "./control-plane/who-may-call.ts";
import { type Edge, startEdge } from "./edge.ts";

const files = new SettingsFiles();
const config = settingsOrExit(edgeProgram, edgeConfig, files.read);
const log = createLog("edge", config.logLevel);
warnOfUnsafeRuntime(log);
const manager = new ServiceManager({ env: process.env, log, clock: systemClock, threads: standings });
const purgeLog = openPurgeLog(config.redis, systemClock, log, config);
try {
  const threads = config.workers === 1 ? 0 : config.workers;
  const memory = processMemory(
    { memory: config.memory, edges: 1, threads, disk: config.disk !== undefined },
    log,
  );
  const reread = () => rereadSettings(edgeConfig, log, files.read);
  const reload = async (edge: Edge) => void (await edge.reload(reread()));
  const starting = refuseUnfit(purgeLog).then(() =>
    startEdge(config, { purgeLog, clock: systemClock, log, memory, reread }),
  );
  const stopped = new AbortController();
  stopOnSignal(
    starting,
    async (edge) => {
      manager.stops();
      stopped.abort();
      await edge.drain();
      await edge.stop();
      await purgeLog.close();
    },
    log,
    { hangup: reload },
  );
  const edge = await starting;
  if (config.followConfig)
    void files.follow(systemClock, stopped.signal, () => unlessRefused(() => reload(edge)));
  const { http, https, grpc, admin } = edge;
  // Standard output is for lines of one form.
  const told = config.accessLog.kind === "stdout" ? process.stderr : process.stdout;
  const listens =
    `${edge.id} listens: http ${hostPort(http.host, http.port)}, ` +
    (https === undefined ? "" : `https ${hostPort(https.host, https.port)}, `) +
    `grpc ${hostPort(grpc.host, grpc.port)}, operator ${hostPort(admin.host, admin.port)}`;
  told.write(`${listens}\n`);
  manager.serves(listens);
  if (config.tokens.token === undefined && config.control === undefined)
    told.write(`${edge.id}: ${NO_TOKEN_RULE}\n`);
} catch (thrown) {
  process.stderr.write(`edge: ${describeError(thrown)}\n`);
  process.exit(1);
}
