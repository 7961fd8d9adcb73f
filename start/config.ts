import { fileURLToPath } from "node:url";
import { edgeProgram } from "../edge/config.ts";
import type { HostPolicy } from "../edge/origin/host-policy.ts";
import type { OriginConfig } from "../edge/origin/open-origin.ts";
import { isOwnOrigin } from "../edge/origin/own-ports.ts";
import { rulesAmong, siteRuleSettings } from "../edge/origin/site-settings.ts";
import { origin } from "../edge/origin/sites.ts";
import type { SiteRules } from "../edge/rules/site-rules.ts";
import { configuredTokens, type Tokens } from "../process/control/tokens.ts";
import { Failure } from "../process/failure.ts";
import { type LogLevel, logLevel } from "../process/log.ts";
import { type SettingsInput, setting } from "../process/settings/program.ts";
import { readSettings } from "../process/settings/read-settings.ts";
import { flag, listOf, wholeNumber } from "../process/settings/values.ts";
import {
  appendSettings,
  type RedisAccess,
  redisAccessOf,
  redisAccessProblems,
  redisSettings,
} from "../purge-log/redis/redis-access.ts";
import {
  allPorts,
  HIGHEST_BASE,
  LOWEST_BASE,
  portsFrom,
  type SystemPorts,
  USUAL_PORTS,
} from "./system-ports.ts";

/** The settings of the one-command system: three edges and a router in one process. */
export interface StartConfig extends RedisAccess {
  readonly origin: OriginConfig;
  /** The Host that an HTTP origin is sent. */
  readonly originHost: HostPolicy;
  readonly rules: SiteRules;
  /** undefined: the purge log is in memory, shared by the three edges. */
  readonly redis?: string;
  readonly host: string;
  /** Of each edge, in bytes. */
  readonly memory: number;
  /** In milliseconds, like the lease. */
  readonly ttl: number;
  readonly lease: number;
  /** One for each edge. */
  readonly simulateLatencyMs: readonly number[];
  /** The most purge calls a second, for each edge. */
  readonly purgeRate: number;
  readonly tokens: Tokens;
  /** Whether the router takes clients by HTTPS too. */
  readonly tls: boolean;
  readonly logLevel: LogLevel;
  readonly ports: SystemPorts;
}

// Loopback only, because no port authenticates its callers.
const HOST = "127.0.0.1";

// It is found from wherever the command is given.
export const DEMO_SITE = {
  kind: "directory",
  path: fileURLToPath(new URL("../assets", import.meta.url)),
} as const;

export function isDemoSite(origin: OriginConfig): boolean {
  return origin.kind === "directory" && origin.path === DEMO_SITE.path;
}

const { memory, originHost, ttl, lease, simulateLatency, tokenFile, readTokenFile, purgeRate } =
  edgeProgram.settings;

export const startProgram = {
  name: "start",
  usage: "npm start --",
  summary: "The whole system on this machine: three edges and a router in one process.",
  settings: {
    origin: setting({
      type: origin,
      help: "Where responses come from. Default: the demo site in assets/.",
    }),
    originHost: setting(originHost),
    ...siteRuleSettings,
    ...redisSettings("The Redis with the purge log. Default: a log in memory, for these three edges."),
    ...appendSettings,
    simulateLatency: setting({
      type: listOf(simulateLatency.type),
      // Near, farther and far, so that the router has something to choose on one machine.
      default: [5, 25, 60],
      help: "Delays every response of each of the three edges, to simulate distance. 0 delays nothing.",
    }),
    memory: setting({ ...memory, help: "The most bytes of stored responses per edge." }),
    ttl: setting(ttl),
    lease: setting({
      ...lease,
      help: "How long each edge may serve from its cache after its last heartbeat was confirmed.",
    }),
    tokenFile: setting({
      ...tokenFile,
      help: "File with the token that purging needs. The variable EDGECACHE_TOKEN can hold the token instead. Without a token every program on this machine may purge.",
    }),
    readTokenFile: setting(readTokenFile),
    purgeRate: setting({
      ...purgeRate,
      help: "The most purge calls a second per edge, with bursts of as many again. Further calls get RESOURCE_EXHAUSTED.",
    }),
    tls: setting({
      type: flag,
      default: false,
      help: "Also serve HTTPS and HTTP/2, on port 8443 (see --ports), with a certificate for this machine that is made at the first start.",
    }),
    ports: setting({
      type: { ...wholeNumber(LOWEST_BASE, HIGHEST_BASE), name: "port" },
      help: "The port of the router, and where the others begin: edges at +1 to +3, HTTPS at +4, the operator port of the router at +10, gRPC at +11 to +13, the operator ports of edges at +21 to +23. Default: 8080 to 8083, 8443, 8090, 50051 to 50053, 9081 to 9083.",
    }),
    logLevel: setting({
      type: logLevel,
      default: "warn",
      help: "The lowest level that is logged.",
    }),
  },
} as const;

/** Throws Failure("bad-config", "config"): one line per problem. `base`: in the place of --ports. */
export function startConfig(input: SettingsInput, base?: number): StartConfig {
  const values = readSettings(startProgram, input);
  const { origin: from = DEMO_SITE, simulateLatency: latencies } = values;
  const { problems: tokenProblems, ...tokens } = configuredTokens(input, values);
  const problems = [...tokenProblems, ...redisAccessProblems(values, values.redis)];
  const begin = base ?? values.ports;
  const ports = begin === undefined ? USUAL_PORTS : portsFrom(begin);
  if (latencies.length !== ports.edges.length) {
    const got = startProgram.settings.simulateLatency.type.format(latencies);
    problems.push(`--simulate-latency: must have one duration for each of the 3 edges, got "${got}"`);
  }
  // An operator port as origin would put the operator's pages on the data ports.
  if (isOwnOrigin(from, { host: HOST, ports: allPorts(ports) })) {
    problems.push(`--origin: must not be a port of this system, got "${origin.format(from)}"`);
  }
  if (problems.length > 0) throw new Failure("bad-config", "config", problems.join("\n"));
  return {
    origin: from,
    originHost: values.originHost,
    rules: rulesAmong(values),
    ...(values.redis === undefined ? {} : { redis: values.redis }),
    ...redisAccessOf(values),
    host: HOST,
    memory: values.memory,
    ttl: values.ttl,
    lease: values.lease,
    simulateLatencyMs: latencies,
    purgeRate: values.purgeRate,
    tokens,
    tls: values.tls,
    logLevel: values.logLevel,
    ports,
  };
}
