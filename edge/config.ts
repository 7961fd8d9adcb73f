import { acmeProblems, acmeSettings, hostsToProve } from "../http/acme/acme-settings.ts";
import { clientLimitSettings } from "../http/server/client-limits.ts";
import { proxyProtocolSettings } from "../http/server/proxy-protocol.ts";
import { network } from "../http/server/trusted-proxies.ts";
import { tunnelSettings } from "../http/server/tunnel-settings.ts";
import { versionSettings } from "../http/server/version-field.ts";
import { tlsProblems, tlsSettings } from "../http/tls/tls-settings.ts";
import { isEveryAddress, isLoopback } from "../process/address.ts";
import { callersSection } from "../process/control/callers.ts";
import { asksForProof, callersProblems, controlConfigOf } from "../process/control/control-config.ts";
import { controlSettings } from "../process/control/control-files.ts";
import { operatorHostProblems } from "../process/control/operator-access.ts";
import { Failure } from "../process/failure.ts";
import { logLevel } from "../process/log.ts";
import { portClashes } from "../process/settings/port-clashes.ts";
import { type SettingsInput, setting, type Values } from "../process/settings/program.ts";
import { readSettings } from "../process/settings/read-settings.ts";
import {
  bytes,
  choice,
  duration,
  flag,
  host,
  httpUrl,
  listOf,
  port,
  text,
  wholeNumber,
  workers,
} from "../process/settings/values.ts";
import { traceSettings } from "../process/tracing/trace-settings.ts";
import { appendSettings, redisAccessProblems, redisSettings } from "../purge-log/redis/redis-access.ts";
import { peerProblems, peerSettings } from "./cache/peers/peer-settings.ts";
import { warmSettings } from "./cache/warming/warm-settings.ts";
import { type PurgeShapeName, purgeShapeNames } from "./control-plane/http/compat/purge-shape.ts";
import { requestLogSettings } from "./data-plane/request-log-settings.ts";
import { CLIENT_HOST, hostPolicy } from "./origin/host-policy.ts";
import { nodeName } from "./origin/node-name.ts";
import { originProtocolProblems, originProtocolSettings } from "./origin/origin-protocol.ts";
import { originTlsAmong, originTlsProblems, originTlsSettings } from "./origin/origin-tls.ts";
import { ownOriginProblems } from "./origin/own-ports.ts";
import { hostsOfSites } from "./origin/site-hosts.ts";
import { siteProblems } from "./origin/site-problems.ts";
import { rulesAmong, siteRuleSettings } from "./origin/site-settings.ts";
import { origin, rulesSection, type Site, sitesSection } from "./origin/sites.ts";
import { leaseSettings } from "./purging/lease-settings.ts";
import { diskSettings } from "./store/disk/disk-settings.ts";
import { type EvictionPolicy, evictionPolicies } from "./store/eviction/policies.ts";

const LOOPBACK = "127.0.0.1";

/** Where the gRPC control port listens. Without a token or certificates only this machine can reach it. */
export function controlHost(of: Pick<EdgeConfig, "host" | "tokens" | "control">): string {
  return asksForProof(of) || isLoopback(of.host) ? of.host : LOOPBACK;
}

const MIB = 2 ** 20;
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

export const edgeProgram = {
  name: "edge",
  usage: "npm run edge --",
  summary: "One edge: serves HTTP from its cache and fetches from its origins what is missing.",
  settings: {
    id: setting({
      type: nodeName,
      default: "edge-1",
      help: "The edge's name in header fields, logs, receipts and the purge log. Each edge needs one of its own.",
    }),
    host: setting({
      type: host,
      default: "127.0.0.1",
      help: "The address that the three ports listen on. --admin-host sets another one for the operator port.",
    }),
    advertise: setting({
      type: host,
      help: "The host name or address at which routers and admin-cli reach this edge. Default: --host, unless that is every address.",
    }),
    port: setting({
      type: port,
      default: 8081,
      help: "TCP port for HTTP clients and routers. 0 takes any free port.",
    }),
    grpcPort: setting({
      type: port,
      default: 50051,
      help: "TCP port for gRPC: Ping, purges, counters. 0 takes any free port.",
    }),
    adminPort: setting({
      type: port,
      default: 9081,
      help: "TCP port of the operator pages: health, readiness, metrics. 0 takes any free port.",
    }),
    adminHost: setting({
      type: host,
      help: "The address that the operator port listens on, such as 127.0.0.1 when --host is every address. Default: --host, or loopback while there is no token and no --control-cert.",
    }),
    adminAllowedHosts: setting({
      type: listOf(host),
      default: [],
      help: "More host names that the operator port answers to. It always answers to addresses, localhost, --host, --advertise and the name of this machine. A request for any other Host gets 421.",
    }),
    origin: setting({
      type: origin,
      help: "Where responses come from. Required unless the configuration file has sites.",
    }),
    originHost: setting({
      type: hostPolicy,
      default: CLIENT_HOST,
      help: "The Host that an HTTP origin receives: the client's (client), the one in the origin's URL (origin), or a fixed name. With client, the Host is part of the cache key.",
    }),
    ...originTlsSettings,
    ...originProtocolSettings,
    ...siteRuleSettings,
    ...redisSettings("The Redis with the purge log. Default: a log in memory, for this edge alone."),
    ...appendSettings,
    publicUrl: setting({
      type: httpUrl,
      help: "The URL at which clients reach this edge directly. A router in redirect mode sends them there.",
    }),
    memory: setting({
      type: bytes(MIB, 2 ** 20 * MIB),
      default: 256 * MIB,
      help: "The most bytes of stored responses. Beyond that, the edge evicts, as --eviction says.",
    }),
    eviction: setting({
      type: choice<EvictionPolicy>(...evictionPolicies),
      default: "adaptive",
      help: "Which responses go when --memory is full: those asked for least often of late (frequency), those not used for the longest time (lru), those that S3-FIFO or SIEVE gives up, or those that the better of frequency and lru gives up, as the load of late shows it (adaptive).",
    }),
    ...diskSettings,
    ...peerSettings,
    ...warmSettings,
    ttl: setting({
      type: duration(0, YEAR_MS),
      default: 60_000,
      help: "How long a file of a directory origin stays fresh. With 0, every request checks the file.",
    }),
    ...leaseSettings,
    tokenFile: setting({
      type: { ...text("the path of a file with the token"), name: "path" },
      help: "File with the token that gRPC callers must send. The variable EDGECACHE_TOKEN can hold the token instead. Ping, health and reflection need no token. Without a token or --control-cert the port listens on loopback only.",
    }),
    readTokenFile: setting({
      type: { ...text("the path of a file with the token"), name: "path" },
      help: "File with a second token that only Stats, WatchStats, WatchRequests, Top, Purges, Explain and Examine accept, for dashboards and scripts that must not purge. The variable EDGECACHE_READ_TOKEN can hold it instead.",
    }),
    ...controlSettings,
    callers: callersSection,
    trustedProxies: setting({
      type: listOf(network),
      default: ["127.0.0.0/8", "::1"],
      help: "Addresses of trusted proxies and routers. X-Forwarded-For, -Proto and -Host from them are passed on; from anyone else they are dropped.",
    }),
    ...proxyProtocolSettings,
    ...tlsSettings,
    ...acmeSettings,
    ...clientLimitSettings,
    ...tunnelSettings,
    purgeRate: setting({
      type: wholeNumber(1, 1_000_000),
      // A fleet is to sustain 3,000; far above that, an edge would apply purges instead of serving.
      default: 5_000,
      help: "The most purge calls a second, with bursts of as many again. Further calls get RESOURCE_EXHAUSTED.",
    }),
    purgeCompat: setting({
      type: listOf(choice<PurgeShapeName>(...purgeShapeNames)),
      default: [],
      help: "More purge calls that the operator port takes: PURGE as with Varnish, and the purge calls of the APIs of Fastly and Cloudflare. They need the right to purge.",
    }),
    drain: setting({
      type: duration(0, HOUR_MS),
      // Most downloads end within it, and few orchestrators wait for longer before they kill.
      default: 30_000,
      help: "How long running downloads may continue after SIGTERM, counted after the 1s in which routers notice. 0 cuts them at once.",
    }),
    workers: setting({
      type: workers,
      default: 1,
      help: "Threads that serve the data port. From 2 on, each answers by itself from copies of stored responses, up to an eighth of --memory, and one more thread fetches, stores and purges.",
    }),
    ...versionSettings,
    followConfig: setting({
      type: flag,
      default: false,
      help: "Reads the settings again when a file that they came from has changed, as after SIGHUP. It looks every 2s.",
    }),
    simulateLatency: setting({
      type: duration(0, 10_000),
      default: 0,
      help: "Delays every response and Ping by this time, to simulate distance. 0 delays nothing.",
    }),
    logLevel: setting({
      type: logLevel,
      default: "info",
      help: "The lowest level that is logged.",
    }),
    ...requestLogSettings,
    ...traceSettings,
    rules: rulesSection,
    sites: sitesSection,
  },
} as const;

/** The settings of an edge: the table above, read and checked. Durations are in milliseconds, sizes in bytes. */
export type EdgeConfig = ReturnType<typeof edgeConfig>;

/** Throws Failure("bad-config", "config"): one line per problem. */
export function edgeConfig(input: SettingsInput) {
  const values = readSettings(edgeProgram, input);
  const sites = values.sites ?? defaultSite(values);
  const { problems: controlProblems, ...access } = controlConfigOf(input, values);
  const problems = [
    ...originProblems(values),
    ...siteProblems(sites),
    ...originTlsProblems(sites),
    ...originProtocolProblems(sites),
    ...portProblems(values),
    ...advertiseProblems(values),
    ...redisAccessProblems(values, values.redis),
    ...ownOrigins(sites, values),
    ...tlsProblems(values, values.host, process.versions.node),
    ...acmeProblems(values, values.tlsPort, hostsOfSites(sites)),
    ...controlProblems,
    ...callersProblems(access),
    ...peerProblems({ ...values, ...access }),
    ...operatorHostProblems({ ...values, ...access }),
  ];
  if (problems.length > 0) throw new Failure("bad-config", "config", problems.join("\n"));
  const { rules: _, ...others } = values;
  return {
    ...others,
    // With a log in memory no other program needs the address, so loopback stands for "every address".
    advertise: values.advertise ?? (isEveryAddress(values.host) ? LOOPBACK : values.host),
    acmeHosts: hostsToProve(values, hostsOfSites(sites).sites),
    /** At least one. */
    sites,
    ...access,
  };
}

/** The default settings of an edge. Its one site is the working directory. */
export function edgeDefaults(): EdgeConfig {
  return edgeConfig({ argv: ["--origin", "."], env: {}, readFile: () => "" });
}

type EdgeValues = Values<(typeof edgeProgram)["settings"]>;

function defaultSite(values: EdgeValues): readonly Site[] {
  const { origin: from, originHost: host, originProtocol: protocol } = values;
  if (from === undefined) return [];
  const [tls, rules] = [originTlsAmong(values), rulesAmong(values, values.rules)];
  return [{ name: "default", hosts: [], origin: from, host, tls, protocol, rules }];
}

function originProblems({ origin: given, sites, rules }: EdgeValues): string[] {
  if (rules !== undefined && sites !== undefined)
    return [
      `rules: must be in the site that they are for, because there are sites; got ${rules.length} rules`,
    ];
  if (given === undefined && sites === undefined) {
    return [`--origin: must be given unless the configuration file has sites: ${origin.rule}; got nothing`];
  }
  if (given === undefined || sites === undefined) return [];
  return [
    `--origin: must not be given together with sites, got "${origin.format(given)}" and ${sites.length} sites`,
  ];
}

function portProblems({ port, tlsPort, grpcPort, adminPort }: EdgeValues): string[] {
  return portClashes([
    ["--port", port],
    ["--tls-port", tlsPort ?? 0],
    ["--grpc-port", grpcPort],
    ["--admin-port", adminPort],
  ]);
}

function advertiseProblems({ host: own, advertise, redis }: EdgeValues): string[] {
  if (advertise !== undefined) {
    if (!isEveryAddress(advertise)) return [];
    return [`--advertise: must be a host that other programs can connect to, got "${advertise}"`];
  }
  if (redis === undefined || !isEveryAddress(own)) return [];
  return [`--advertise: must be given with --redis when --host is every address ("${own}"); got nothing`];
}

function ownOrigins(sites: readonly Site[], values: EdgeValues): string[] {
  const { host, advertise, port, tlsPort, grpcPort, adminPort } = values;
  const own = { host, advertise, ports: [port, tlsPort ?? port, grpcPort, adminPort] };
  const isFromFile = values.sites !== undefined;
  return ownOriginProblems(sites, own, ({ name }) =>
    isFromFile ? `sites: origin of "${name}"` : "--origin",
  );
}
