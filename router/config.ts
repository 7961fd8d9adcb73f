import { type AccessLogValues, accessLogSettings } from "../http/access-log/access-settings.ts";
import { type AcmeValues, acmeProblems, acmeSettings } from "../http/acme/acme-settings.ts";
import { type ClientLimits, clientLimitSettings } from "../http/server/client-limits.ts";
import { proxyProtocolSettings } from "../http/server/proxy-protocol.ts";
import { network } from "../http/server/trusted-proxies.ts";
import { defaultTunnels, protocolName, tunnelSettings } from "../http/server/tunnel-settings.ts";
import { type VersionValues, versionSettings } from "../http/server/version-field.ts";
import { type TlsValues, tlsProblems, tlsSettings } from "../http/tls/tls-settings.ts";
import { addressHint, isEveryAddress, isLoopback, parseAddress } from "../process/address.ts";
import { callersSection } from "../process/control/callers.ts";
import { type ControlConfig, callersProblems, controlConfigOf } from "../process/control/control-config.ts";
import { controlSettings } from "../process/control/control-files.ts";
import { operatorHost, operatorHostProblems } from "../process/control/operator-access.ts";
import { Failure } from "../process/failure.ts";
import { hostPort } from "../process/listen.ts";
import { type LogLevel, logLevel } from "../process/log.ts";
import { portClashes } from "../process/settings/port-clashes.ts";
import { type Program, type Settings, type SettingsInput, setting } from "../process/settings/program.ts";
import { readSettings } from "../process/settings/read-settings.ts";
import * as values from "../process/settings/values.ts";
import { type TraceValues, traceSettings } from "../process/tracing/trace-settings.ts";
import { type RedisAccess, redisAccessProblems, redisSettings } from "../purge-log/redis/redis-access.ts";
import { type ClientRegions, clientRegions } from "./choose/client-regions.ts";
import type { Policy } from "./choose/pick-edge.ts";
import { DASHBOARD_MODES, type DashboardMode } from "./dashboard/dashboard-right.ts";
import { type EdgePatience, edgePatienceSettings } from "./forward/edge-patience.ts";
import { routerAccessFields } from "./request-log-fields.ts";

const grpcAddress: values.ValueType<string> = {
  name: "host:port",
  rule: "host:port of an edge's gRPC port, such as 127.0.0.1:50051 or [::1]:50051",
  parse: (text) => {
    const address = parseAddress(text);
    return address === undefined ? undefined : hostPort(address.host, address.port);
  },
  hint: addressHint,
  format: (address) => address,
};

// RFC 9110 section 5.1: a field name is a token.
const fieldName = values.text("the name of a request field", /^[!#$%&'*+.^_`|~\da-z-]{1,64}$/i);

const HOUR_MS = 3_600_000;

/** Every setting of the router. --help and the reference table are made from it. */
export const routerProgram = {
  name: "router",
  usage: "npm run router --",
  summary: "Sends each request to the edge with the least expected time, by measured round trips.",
  settings: {
    host: setting({
      type: values.host,
      default: "127.0.0.1",
      help: "The address that both ports listen on; 0.0.0.0 or :: is every address of this machine. --admin-host sets another one for the operator port.",
    }),
    port: setting({
      type: values.port,
      default: 8080,
      help: "TCP port for clients. 0 takes any free port.",
    }),
    adminPort: setting({
      type: values.port,
      default: 8090,
      help: "TCP port of the dashboard, and of the operator pages /healthz, /readyz, /metrics, /edges.json and /route.json. 0 takes any free port.",
    }),
    adminHost: setting({
      type: values.host,
      help: "The address that the operator port listens on, such as 127.0.0.1 when --host is every address. Default: --host, or loopback while there is no token and no --control-cert.",
    }),
    adminAllowedHosts: setting({
      type: values.listOf(values.host),
      default: [],
      help: "More host names that the operator port answers to. It always answers to addresses, localhost, --host and the name of this machine. A request for any other Host gets 421.",
    }),
    dashboard: setting({
      type: values.choice(...DASHBOARD_MODES),
      default: "on",
      help: "on: the operator port has a dashboard of the fleet at /, for browsers. read-only: nobody purges with it. off: there is none.",
    }),
    edges: setting({
      type: values.listOf(grpcAddress),
      help: "The gRPC addresses of the edges. Give either this or --redis.",
    }),
    ...redisSettings("The Redis with the heartbeat table of the edges. Give either this or --edges."),
    mode: setting({
      type: values.choice("proxy", "redirect"),
      default: "proxy",
      help: "proxy: forward requests and stream the responses. redirect: answer 307 with the URL of the chosen edge.",
    }),
    policy: setting({
      type: values.choice("nearest", "balanced", "owner"),
      default: "nearest",
      help: "nearest: the edge with the least expected time. balanced: the less loaded of two edges that are about equally near. owner: the nearer of the two edges that own the URL.",
    }),
    hedge: setting({
      type: values.flag,
      default: false,
      help: "When a GET waits longer than 95 % of earlier ones, send it to a second edge too and use the first response.",
    }),
    clientRegion: setting({
      type: fieldName,
      help: "Request field with the client's region, for a router that is not near its clients. A load balancer in front must set it. Needs --regions.",
    }),
    regions: setting({
      type: clientRegions,
      help: "The ids of the edges near each region. Clients of a region get the best of these edges while one is serving. Needs --client-region.",
    }),
    trustedProxies: setting({
      type: values.listOf(network),
      help: "Addresses of trusted proxies, such as a TLS terminator. X-Forwarded-For, -Proto and -Host from them are passed on; from anyone else they are dropped.",
    }),
    ...proxyProtocolSettings,
    ...tlsSettings,
    ...acmeSettings,
    tokenFile: setting({
      type: { ...values.text("the path of a file with the token"), name: "path" },
      help: "File with the token that the operator pages need when their port is not on loopback. The variable EDGECACHE_TOKEN can hold it instead. /healthz and /readyz need none.",
    }),
    readTokenFile: setting({
      type: { ...values.text("the path of a file with the token"), name: "path" },
      help: "File with a second token that the operator pages accept. The variable EDGECACHE_READ_TOKEN can hold it instead.",
    }),
    ...controlSettings,
    callers: callersSection,
    ...clientLimitSettings,
    ...edgePatienceSettings,
    ...tunnelSettings,
    upgrades: setting({
      type: values.listOf(protocolName),
      default: [...defaultTunnels.upgrades],
      help: "The protocols to which a client and an edge may change. Each edge decides for which sites.",
    }),
    workers: setting({
      type: values.workers,
      default: 1,
      help: "Threads that serve the ports for clients. Each measures the edges by itself.",
    }),
    notice: setting({
      type: values.duration(0, HOUR_MS),
      default: 0,
      help: "How long the router still takes requests after SIGTERM, while /readyz says that it stops and each answer is the last on its connection. A load balancer needs as long to notice. 0 closes the ports at once.",
    }),
    ...versionSettings,
    logLevel: setting({
      type: logLevel,
      default: "info",
      help: "The lowest level that is logged.",
    }),
    ...accessLogSettings(routerAccessFields),
    ...traceSettings,
  },
} as const satisfies Program<Settings>;

/** Where the router learns which edges there are. */
export type EdgeSource =
  | { readonly kind: "listed"; readonly grpcAddresses: readonly string[] }
  | { readonly kind: "discovered"; readonly redis: string };

export interface RouterConfig
  extends ClientLimits,
    EdgePatience,
    VersionValues,
    TlsValues,
    AcmeValues,
    ControlConfig,
    AccessLogValues,
    RedisAccess,
    TraceValues {
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  /** `host` where it is undefined. */
  readonly adminHost: string | undefined;
  readonly adminAllowedHosts: readonly string[];
  readonly dashboard: DashboardMode;
  readonly mode: "proxy" | "redirect";
  readonly policy: Policy;
  /** Ask a second edge when the first one takes unusually long. */
  readonly hedge: boolean;
  /** In lower case. */
  readonly clientRegion: string | undefined;
  /** Empty where none are configured. */
  readonly regions: ClientRegions;
  /** Networks of the proxies whose X-Forwarded fields are passed on. */
  readonly trustedProxies: readonly string[];
  /** Networks of the load balancers whose connections begin with a PROXY header. */
  readonly proxyProtocol: readonly string[];
  readonly tunnelIdle: number;
  /** In milliseconds. */
  readonly notice: number;
  /** In lower case. */
  readonly upgrades: readonly string[];
  readonly workers: number;
  readonly logLevel: LogLevel;
  readonly edges: EdgeSource;
}

/** Throws Failure("bad-config", "config") with one line per problem. */
export function routerConfig(input: SettingsInput): RouterConfig {
  const {
    edges,
    redis,
    clientRegion,
    regions,
    trustedProxies = [],
    ...rest
  } = readSettings(routerProgram, input);
  if ((clientRegion === undefined) !== (regions === undefined)) {
    const given = clientRegion === undefined ? "--regions" : "--client-region";
    throw badConfig(`--client-region, --regions: both or neither must be given, got only ${given}`);
  }
  const tls = [
    ...tlsProblems(rest, rest.host, process.versions.node),
    ...acmeProblems(rest, rest.tlsPort, { sites: [], answersAny: true }),
  ];
  const { problems, ...access } = controlConfigOf(input, rest);
  const wrong = [
    ...tls,
    ...problems,
    ...redisAccessProblems(rest, redis),
    ...operatorHostProblems({ ...rest, ...access }),
    ...operatorPortProblems({ ...rest, ...access }),
  ];
  if (wrong.length > 0) throw badConfig(wrong.join("\n"));
  return {
    ...rest,
    ...access,
    clientRegion: clientRegion?.toLowerCase(),
    regions: regions ?? new Map(),
    trustedProxies,
    edges: edgeSource(edges, redis),
  };
}

type OperatorPort = Pick<RouterConfig, "host" | "port" | "tlsPort" | "adminHost" | "adminPort"> &
  ControlConfig;

function operatorPortProblems(config: OperatorPort): readonly string[] {
  const { host, port, tlsPort = 0, adminPort } = config;
  const adminHost = operatorHost(config);
  const ofClients = [
    ["--port", port],
    ["--tls-port", tlsPort],
  ] as const;
  const meets = host === adminHost || isEveryAddress(host) || isEveryAddress(adminHost);
  const clashes = portClashes(meets ? [...ofClients, ["--admin-port", adminPort]] : ofClients);
  // On loopback everybody may read: there the certificates are for the calls to edges alone.
  if (isLoopback(adminHost)) return clashes;
  return [...clashes, ...callersProblems(config, "there is a token or --admin-host is a loopback address")];
}

function edgeSource(edges: readonly string[] | undefined, redis: string | undefined): EdgeSource {
  if (edges !== undefined && redis !== undefined) {
    throw badConfig("--edges, --redis: only one of them may be given, got both");
  }
  if (redis !== undefined) return { kind: "discovered", redis };
  if (edges === undefined) throw badConfig("--edges, --redis: one of them must be given, got neither");
  const twice = edges.find((address, at) => edges.indexOf(address) !== at);
  if (twice !== undefined) throw badConfig(`--edges: each edge must be listed once, got ${twice} twice`);
  return { kind: "listed", grpcAddresses: edges };
}

function badConfig(message: string): Failure {
  return new Failure("bad-config", "config", message);
}
