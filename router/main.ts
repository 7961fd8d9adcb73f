import { systemClock } from "../process/clock.ts";
import { describeError, Failure } from "../process/failure.ts";
import { stopOnSignal } from "../process/graceful-stop.ts";
import { standings } from "../process/kept-thread.ts";
import { hostPort } from "../process/listen.ts";
import { createLog } from "../process/log.ts";
import { warnOfUnsafeRuntime } from "../process/runtime.ts";
import { ServiceManager } from "../process/service-manager.ts";
import { rereadSettings, settingsOrExit } from "../process/settings/or-exit.ts";
import { openPurgeLog } from "../purge-log/open-purge-log.ts";
import { routerConfig, routerProgram } from "./config.ts";
import { startRouter } from "./router.ts";
import { WorkerThreads } from "./router-threads.ts";

// The exit code for a start that the machine does not allow, such as a port in use.
const CANNOT_START = 1;

const config = settingsOrExit(routerProgram, routerConfig);
const log = createLog("router", config.logLevel);
warnOfUnsafeRuntime(log);
const manager = new ServiceManager({ env: process.env, log, clock: systemClock, threads: standings });
const { edges } = config;
const purgeLog = edges.kind === "listed" ? undefined : openPurgeLog(edges.redis, systemClock, log, config);
try {
  const parts = { log, clock: systemClock };
  const threads = new WorkerThreads(config.workers - 1, { ...parts, argv: process.argv.slice(2) });
  const starting = startRouter(config, purgeLog === undefined ? parts : { ...parts, purgeLog }, threads);
  stopOnSignal(
    starting,
    async (router) => {
      manager.stops();
      await router.drain();
      await router.stop();
      await purgeLog?.close();
    },
    log,
    { hangup: async (router) => router.reload(rereadSettings(routerConfig, log)) },
  );
  const router = await starting;
  const { http, admin } = router.addresses;
  manager.serves(
    `router listens: http ${hostPort(http.host, http.port)}, operator ${hostPort(admin.host, admin.port)}`,
  );
} catch (thrown) {
  if (!(thrown instanceof Failure)) throw thrown;
  process.stderr.write(`router: ${describeError(thrown)}\n`);
  process.exit(CANNOT_START);
}
