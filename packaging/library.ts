/** The library: `import { startEdge, startRouter } from "edgecache"`. */

import { processMemory } from "../edge/cache/process-memory.ts";
import { edgeConfig } from "../edge/config.ts";
import { startEdge as openEdge } from "../edge/edge.ts";
import { systemClock } from "../process/clock.ts";
import { type Log, type LogLevel, logTo } from "../process/log.ts";
import { LogWriter, type Sink } from "../process/log-writer.ts";
import { warnOfUnsafeRuntime } from "../process/runtime.ts";
import { readSmallFile } from "../process/settings/small-file.ts";
import { standardError } from "../process/standard-output.ts";
import { openPurgeLog } from "../purge-log/open-purge-log.ts";
import { routerConfig } from "../router/config.ts";
import { startRouter as openRouter } from "../router/router.ts";
import { WorkerThreads } from "../router/router-threads.ts";
import { commandLine } from "./command-line.ts";
import type { EdgeSettings, RouterSettings } from "./library-settings.ts";

export { Failure } from "../process/failure.ts";
export type { EdgeSettings, RouterSettings, SettingValue } from "./library-settings.ts";

/** Where a port listens. */
export interface ListeningAt {
  readonly host: string;
  readonly port: number;
}

/** What an edge or a router has from the program that it runs in. */
export interface Surroundings {
  /** Variables such as EDGE_PORT and EDGECACHE_TOKEN. Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Takes each line of the log, in JSON. Default: standard error. */
  readonly log?: (line: string) => void;
}

/** A running edge. */
export interface Edge {
  readonly id: string;
  readonly http: ListeningAt;
  /** undefined: it has no TLS port. */
  readonly https: ListeningAt | undefined;
  readonly grpc: ListeningAt;
  /** The operator port: /healthz, /metrics, and purges by HTTP. */
  readonly admin: ListeningAt;
  /** Takes the sites, rules and callers of `settings`, all or none. Returns the names of settings that need a restart. */
  reload(settings: EdgeSettings): Promise<readonly string[]>;
  /** Tells routers that it ends, and resolves when they have had the time to notice. Call stop() next. */
  drain(): Promise<void>;
  /** Refuses new requests, lets those under way end for up to `drain`, and closes everything that it opened. */
  stop(): Promise<void>;
}

/** A running router. */
export interface Router {
  readonly http: ListeningAt;
  /** undefined: it has no TLS port. */
  readonly https: ListeningAt | undefined;
  /** The operator port: /healthz, /metrics, /edges.json. */
  readonly admin: ListeningAt;
  /** Lets requests under way end for up to 10 s, and closes everything that it opened. */
  stop(): Promise<void>;
}

/**
 * Starts an edge in this process. Throws a Failure that names each setting that is wrong, or says why it cannot start: a
 * port in use, a directory that is not there.
 */
export async function startEdge(settings: EdgeSettings, around: Surroundings = {}): Promise<Edge> {
  const read = (given: EdgeSettings) => edgeConfig(inputOf(given, around));
  const config = read(settings);
  const log = logOf("edge", config.logLevel, around);
  warnOfUnsafeRuntime(log);
  const threads = config.workers === 1 ? 0 : config.workers;
  // What the program around it takes is no reason to refuse requests.
  const hostBytes = process.memoryUsage.rss();
  const disk = config.disk !== undefined;
  const memory = processMemory({ memory: config.memory, edges: 1, threads, disk, hostBytes }, log);
  const purgeLog = openPurgeLog(config.redis, systemClock, log, config);
  try {
    const reread = () => read(settings);
    const edge = await openEdge(config, { purgeLog, clock: systemClock, log, memory, reread });
    return {
      id: edge.id,
      http: edge.http,
      https: edge.https,
      grpc: edge.grpc,
      admin: edge.admin,
      reload: async (given) => (await edge.reload(read(given))).needsRestart,
      drain: () => edge.drain(),
      stop: async () => {
        await edge.stop();
        await purgeLog.close();
      },
    };
  } catch (thrown) {
    await purgeLog.close();
    throw thrown;
  }
}

/** Starts a router in this process. Throws a Failure as startEdge does. */
export async function startRouter(settings: RouterSettings, around: Surroundings = {}): Promise<Router> {
  const input = inputOf(settings, around);
  const config = routerConfig(input);
  const { edges } = config;
  const log = logOf("router", config.logLevel, around);
  warnOfUnsafeRuntime(log);
  const purgeLog = edges.kind === "listed" ? undefined : openPurgeLog(edges.redis, systemClock, log, config);
  try {
    const parts = { log, clock: systemClock };
    const { argv, env } = input;
    const threads = new WorkerThreads(config.workers - 1, { ...parts, argv, env });
    const router = await openRouter(config, purgeLog === undefined ? parts : { ...parts, purgeLog }, threads);
    return {
      ...router.addresses,
      stop: async () => {
        await router.stop();
        await purgeLog?.close();
      },
    };
  } catch (thrown) {
    await purgeLog?.close();
    throw thrown;
  }
}

function inputOf(settings: EdgeSettings | RouterSettings, { env = {} }: Surroundings) {
  return { argv: commandLine(settings), env, readFile: readSmallFile };
}

/** Unlike that of a program, it leaves the errors of the standard streams to the program around it. */
function logOf(program: string, level: LogLevel, { log }: Surroundings): Log {
  const given: Sink = (bytes, done) => {
    for (const line of Buffer.from(bytes).toString().split("\n")) if (line !== "") log?.(line);
    done(true);
  };
  return logTo(new LogWriter(log === undefined ? standardError() : given), {
    program,
    level,
    clock: systemClock,
  });
}
