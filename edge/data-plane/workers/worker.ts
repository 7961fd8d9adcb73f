// A serving thread: the data port of an edge with the copies that it may answer with. Everything else it asks the
// control thread for, and answers with what that says.
import { parentPort, workerData } from "node:worker_threads";
import { countedTogether } from "../../../http/server/client-tables.ts";
import { CLIENT_PROTOCOLS } from "../../../http/server/server-load.ts";
import { tlsFrontOf } from "../../../http/tls-front.ts";
import { type Clock, systemClock } from "../../../process/clock.ts";
import { Failure } from "../../../process/failure.ts";
import type { ThreadNews } from "../../../process/kept-thread.ts";
import { threadLog } from "../../../process/thread-log.ts";
import { BEAT_MS } from "../../../process/thread-watch.ts";
import { Tracer } from "../../../process/tracing/tracer.ts";
import { EdgeCounters } from "../../cache/metrics.ts";
import { SeenRequests } from "../../cache/seen-requests.ts";
import { Sites, servedRulesByName } from "../../origin/sites.ts";
import { StoreReader } from "../../store/store-reader.ts";
import { Listener } from "../listener.ts";
import { LoopDelay } from "../loop-delay.ts";
import { type FromWorker, GAUGES, type RequestNews, type ToWorker, type WorkerStart } from "./messages.ts";
import { SharedWords } from "./shared-words.ts";
import { ThreadCache } from "./thread-cache.ts";
import { hrtimeMs } from "./thread-time.ts";

// How late the store learns of the use of a copy, and an operator of what clients hold. Some thousand uses or answers take
// a millisecond.
const TELL_MS = 250;

if (parentPort === null) throw new Error("a serving thread is started by its edge");
const port = parentPort;
const start: WorkerStart = workerData;

function send(message: FromWorker | RequestNews | ThreadNews, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, [...transfer]);
}

const offset = start.monotonicOffsetMs + hrtimeMs() - performance.now();
const clock: Clock = { ...systemClock, monotonic: () => performance.now() + offset };
const words = new SharedWords(start.words, start.mostKeys);
const reader = new StoreReader(start.storeWords);
const { marks, copiesBytes } = start;
const cache = new ThreadCache({ words, reader, marks, copiesBytes, clock, send });
const log = threadLog(start.logLevel, (line) => send({ kind: "log", line }));
const sites = new Sites(start.sites);
const counters = new EdgeCounters(start.counters);
counters.sites.name(start.sitesCounted);
const siteRules = new Map(servedRulesByName(start.sites));
const { tracesForm } = start.config;
const tracer =
  tracesForm &&
  new Tracer({
    clock,
    random: Math.random,
    sample: tracesForm.sample,
    take: (spans) => send({ kind: "spans", spans }),
  });
const seen = new SeenRequests();
seen.onRequest((request) => send({ kind: "seen", request }));
const listener = new Listener(
  {
    id: start.id,
    tracer,
    seen,
    clock,
    log,
    counters,
    ...cache.hits,
    siteRules,
    serve: (request) => cache.serve(request),
  },
  sites,
  // The control thread knows the token.
  { ...start.config, isToken: () => false },
  {},
  countedTogether(start.clients, start.thread),
  (batch, free) => {
    send({ kind: "access", batch });
    free();
  },
);

const stopped = new AbortController();
const loopDelay = new LoopDelay(clock);

function beat(): void {
  const { inFlight, connections } = listener.load;
  start.gauges[GAUGES.inFlight] = inFlight;
  for (const protocol of CLIENT_PROTOCOLS) start.gauges[GAUGES[protocol]] = connections[protocol];
  Atomics.add(start.beats, 0, 1);
  start.gauges[GAUGES.loopDelayMs] = loopDelay.ms;
}

function tell(): void {
  cache.tellUsed();
  start.gauges[GAUGES.heldBytes] = listener.heldBytes;
}

port.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "reload":
      counters.sites.name(message.sitesCounted);
      siteRules.clear();
      for (const [name, rules] of servedRulesByName(message.sites)) siteRules.set(name, rules);
      sites.replace(message.sites);
      listener.reload(message);
      break;
    case "leave-behind":
      listener.leaveBehind(message.excess);
      break;
    case "wind-down":
      listener.windDown();
      break;
    case "close":
      stopped.abort();
      void listener.close(message.patienceMs).then(() => {
        tracer?.close();
        send({ kind: "closed" });
      });
      break;
    default:
      cache.take(message);
  }
});

if (start.windingDown) listener.windDown();
try {
  const tls = await tlsFrontOf(start.tls, sites.hosts, clock, log);
  await listener.open(start.host, start.port, tls, "shared");
  void tls?.run(stopped.signal);
  setInterval(beat, BEAT_MS);
  setInterval(tell, TELL_MS);
  send({ kind: "listens" });
} catch (thrown) {
  const { message, code } =
    thrown instanceof Failure ? thrown : { message: String(thrown), code: "cannot-listen" };
  send({ kind: "cannot-listen", message, code });
}
