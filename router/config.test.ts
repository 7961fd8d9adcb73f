import { expect } from "chai";
import { NO_ACCESS_LOG } from "../http/access-log/access-settings.ts";
import { NO_ACME } from "../http/acme/acme-settings.ts";
import { defaultClientLimits } from "../http/server/client-limits.ts";
import { defaultTunnels } from "../http/server/tunnel-settings.ts";
import { NO_TLS } from "../http/tls/tls-settings.ts";
import { NO_CONTROL } from "../process/control/control-config.ts";
import { NO_CONTROL_FILES } from "../process/control/control-files.ts";
import { Failure } from "../process/failure.ts";
import { helpText } from "../process/settings/help.ts";
import { NO_TRACES } from "../process/tracing/trace-settings.ts";
import { PLAIN_ACCESS } from "../purge-log/redis/redis-access.ts";
import { routerConfig, routerProgram } from "./config.ts";
import { defaultPatience } from "./forward/edge-patience.ts";

function read(argv: readonly string[], env: Record<string, string> = {}) {
  return routerConfig({ argv, env, readFile: () => "" });
}

function problem(argv: readonly string[], env: Record<string, string> = {}): string {
  try {
    read(argv, env);
  } catch (thrown) {
    if (thrown instanceof Failure) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
  throw new Error("accepted");
}

describe("the router's settings", () => {
  it("need only the edges", () => {
    expect(read(["--edges", "127.0.0.1:50051,Edge-2:50052,[::1]:50053"])).to.deep.equal({
      host: "127.0.0.1",
      port: 8080,
      adminPort: 8090,
      adminHost: undefined,
      adminAllowedHosts: [],
      dashboard: "on",
      mode: "proxy",
      notice: 0,
      tellVersion: false,
      policy: "nearest",
      hedge: false,
      clientRegion: undefined,
      regions: new Map(),
      trustedProxies: [],
      ...defaultClientLimits,
      ...defaultTunnels,
      ...defaultPatience,
      ...NO_TLS,
      ...PLAIN_ACCESS,
      ...NO_ACME,
      proxyProtocol: [],
      ...NO_CONTROL_FILES,
      ...NO_CONTROL,
      tokenFile: undefined,
      readTokenFile: undefined,
      workers: 1,
      logLevel: "info",
      ...NO_ACCESS_LOG,
      ...NO_TRACES,
      edges: { kind: "listed", grpcAddresses: ["127.0.0.1:50051", "edge-2:50052", "[::1]:50053"] },
    });
  });

  it("take Redis in the place of the edges, and everything from the environment", () => {
    const config = read([], {
      ROUTER_REDIS: "redis://r:6379",
      ROUTER_MODE: "redirect",
      ROUTER_ADMIN_PORT: "0",
    });
    expect(config).to.include({ mode: "redirect", adminPort: 0 });
    expect(config.edges).to.deep.equal({ kind: "discovered", redis: "redis://r:6379" });
  });

  it("refuse both and neither of --edges and --redis, naming both", () => {
    expect(problem(["--edges", "a:1", "--redis", "redis://r"])).to.equal(
      "bad-config: --edges, --redis: only one of them may be given, got both",
    );
    expect(problem([])).to.equal("bad-config: --edges, --redis: one of them must be given, got neither");
  });

  it("refuse an edge that is listed twice, however it is written", () => {
    expect(problem(["--edges", "edge:1,b:2,EDGE:1"])).to.contain(
      "each edge must be listed once, got edge:1 twice",
    );
  });

  it("refuse what is no gRPC address, naming field, rule and value", () => {
    expect(problem(["--edges", "http://a:1"])).to.match(/got "http:\/\/a:1"; did you mean a:1\?$/);
    expect(problem(["--edges", "127.0.0.1"])).to.match(
      /^bad-config: --edges: must be .*host:port.*got "127\.0\.0\.1"$/,
    );
  });

  it("take a policy, hedging and regions from flags", () => {
    const regions = "eu=edge-1,edge-2;us=edge-3";
    const argv = [
      "--edges",
      "a:1",
      "--policy",
      "owner",
      "--hedge",
      "--client-region",
      "X-Region",
      "--regions",
      regions,
    ];
    expect(read(argv)).to.deep.include({
      policy: "owner",
      hedge: true,
      clientRegion: "x-region",
      regions: new Map([
        ["eu", new Set(["edge-1", "edge-2"])],
        ["us", new Set(["edge-3"])],
      ]),
    });
  });

  it("take edges and regions as lists from the file", () => {
    const file = [
      "edges: [a:1, b:2]",
      "policy: balanced",
      "hedge: true",
      "client-region: X-Region",
      "regions:",
      "  - eu=edge-1,edge-2",
      "  - us=edge-3",
    ].join("\n");
    const config = routerConfig({ argv: ["--config", "router.yaml"], env: {}, readFile: () => file });
    expect(config).to.deep.include({ policy: "balanced", hedge: true, clientRegion: "x-region" });
    expect([...config.regions.keys()]).to.deep.equal(["eu", "us"]);
    expect(config.edges).to.deep.equal({ kind: "listed", grpcAddresses: ["a:1", "b:2"] });
  });

  for (const [flags, message] of [
    [["--policy", "fastest"], '--policy: must be one of nearest, balanced, owner, got "fastest"'],
    [
      ["--client-region", "X Region", "--regions", "eu=a"],
      '--client-region: must be the name of a request field, got "X Region"',
    ],
    [
      ["--client-region", "X-Region", "--regions", "eu"],
      /^--regions: must be regions with their edges, such as .*, got "eu"$/,
    ],
    [["--regions", "eu=a"], "--client-region, --regions: both or neither must be given, got only --regions"],
    [
      ["--client-region", "X-Region"],
      "--client-region, --regions: both or neither must be given, got only --client-region",
    ],
    [["--hedge=1"], '--hedge: takes no value, got "1"'],
    [["--admin-port", "8080"], "--port and --admin-port: must differ, got 8080 for both"],
    [
      ["--host", "0.0.0.0", "--admin-host", "127.0.0.1", "--port", "8090"],
      "--port and --admin-port: must differ, got 8090 for both",
    ],
    [
      ["--tls-port", "8080", "--tls-cert", "a", "--tls-key", "b"],
      "--port and --tls-port: must differ, got 8080 for both",
    ],
    [["--access-log-omit", "tires"], /^--access-log-omit: must be .*, got "tires"; did you mean tries\?$/],
    [["--access-log-omit", "client,status"], /, got "client,status"; status is in every line$/],
    [["--access-log-omit", "fwd_status"], /^--access-log-omit: must be .*, got "fwd_status"/],
  ] as const) {
    it(`refuse ${flags.join(" ")}`, () => {
      const told = problem(["--edges", "a:1", ...flags]).replace("bad-config: ", "");
      if (typeof message === "string") expect(told).to.equal(message);
      else expect(told).to.match(message);
    });
  }

  it("let ports be the same at other addresses, or 0", () => {
    const ports = (...argv: readonly string[]) => {
      const { port, adminPort } = read(["--edges", "a:1", ...argv]);
      return [port, adminPort];
    };
    expect(ports("--host", "127.0.0.2", "--admin-host", "127.0.0.1", "--port", "8090")).to.deep.equal([
      8090, 8090,
    ]);
    expect(ports("--port", "0", "--admin-port", "0")).to.deep.equal([0, 0]);
  });

  it("need callers or a token beside certificates when other machines reach the operator port", () => {
    const files = ["--control-ca", "ca", "--control-cert", "cert", "--control-key", "key"];
    const argv = ["--edges", "a:1", "--host", "0.0.0.0", ...files];
    expect(problem(argv)).to.equal(
      "bad-config: callers: must be given with --control-ca in the configuration file unless there is a token or --admin-host is a loopback address, got nothing",
    );
    expect(read(argv, { EDGECACHE_TOKEN: "x" }).callers).to.equal(undefined);
    expect(read([...argv, "--admin-host", "127.0.0.1"]).callers).to.equal(undefined);
    const readFile = () => "callers: []\n";
    expect(routerConfig({ argv: [...argv, "--config", "f"], env: {}, readFile }).callers).to.deep.equal([]);
  });

  it("stand with their defaults in --help", () => {
    const help = helpText(routerProgram);
    for (const text of ["--edges <host:port,…>", "ROUTER_PORT; default 8080", "ROUTER_MODE; default proxy"]) {
      expect(help).to.contain(text);
    }
  });
});
