// One thread of a router, beside the first. It reads the settings from the command line, as the first one did.
import { parentPort, workerData } from "node:worker_threads";
import type { TakeBatch } from "../http/access-log/batch-writer.ts";
import { countedTogether } from "../http/server/client-tables.ts";
import { systemClock } from "../process/clock.ts";
import { ControlIdentity } from "../process/control/control-identity.ts";
import type { ThreadNews } from "../process/kept-thread.ts";
import { settingsOrExit } from "../process/settings/or-exit.ts";
import { threadLog } from "../process/thread-log.ts";
import { BEAT_MS } from "../process/thread-watch.ts";
import { Tracer } from "../process/tracing/tracer.ts";
import { openPurgeLog } from "../purge-log/open-purge-log.ts";
import { routerConfig, routerProgram } from "./config.ts";
import { startRouting } from "./routing.ts";
import type { FromThread, ThreadReport, ThreadStart, ToThread } from "./thread-messages.ts";

if (parentPort === null) throw new Error("a routing thread is started by its router");
const port = parentPort;
const { ports, beats, thread, clients, logLevel }: ThreadStart = workerData;
const send = (message: FromThread | ThreadNews): void => port.postMessage(message);

const log = threadLog(logLevel, (line) => send({ kind: "log", line }));
const config = { ...settingsOrExit(routerProgram, routerConfig), port: ports.port, tlsPort: ports.tlsPort };
const { edges, control } = config;
const purgeLog = edges.kind === "listed" ? undefined : openPurgeLog(edges.redis, systemClock, log, config);
const identity = control === undefined ? undefined : new ControlIdentity(control, systemClock, log);
const counted = countedTogether(clients, thread);
const logTo: TakeBatch = (batch, free) => {
  send({ kind: "access", batch });
  free();
};
const { traces, traceSample: sample } = config;
const tracer =
  traces &&
  new Tracer({
    clock: systemClock,
    random: Math.random,
    sample,
    take: (spans) => send({ kind: "spans", spans }),
  });
const parts = {
  log,
  clock: systemClock,
  counted,
  logTo,
  tracer,
  ...(purgeLog === undefined ? {} : { purgeLog }),
};
const routing = await startRouting(config, parts, identity);

async function report(): Promise<ThreadReport> {
  const underWay: Record<string, number> = {};
  for (const { addresses, traffic } of routing.fleet.edges)
    underWay[addresses.grpcAddress] = traffic.inFlight;
  return { metrics: await routing.metrics.json(), underWay };
}

async function close(): Promise<void> {
  await routing.close();
  routing.leave();
  await purgeLog?.close();
  tracer?.close();
  send({ kind: "closed" });
}

port.on("message", (message: ToThread) => {
  switch (message.kind) {
    case "report":
      void report().then((figures) => send({ kind: "report", report: figures }));
      break;
    case "refresh-certificates":
      routing.refreshCertificates();
      break;
    case "wind-down":
      routing.windDown();
      break;
    case "close":
      void close();
  }
});

await routing.open("shared");
setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS);
send({ kind: "listens" });
