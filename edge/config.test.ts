import { expect } from "chai";
import { NO_ACME } from "../http/acme/acme-settings.ts";
import { defaultClientLimits } from "../http/server/client-limits.ts";
import { NO_TLS } from "../http/tls/tls-settings.ts";
import { NO_CONTROL_FILES } from "../process/control/control-files.ts";
import { Token } from "../process/control/tokens.ts";
import { NO_TRACES } from "../process/tracing/trace-settings.ts";
import { PLAIN_ACCESS } from "../purge-log/redis/redis-access.ts";
import { controlHost, edgeConfig } from "./config.ts";
import { USUAL_ORIGIN_TLS } from "./origin/origin-tls.ts";
import { NO_COMPRESSION } from "./rules/compression.ts";
import { RFC_RULES, SAFE_RULES } from "./rules/site-rules.ts";

function read(argv: readonly string[], file = "") {
  return edgeConfig({ argv, env: {}, readFile: () => file });
}

const inFile = (file: string, ...argv: string[]) => read(["--config", "edge.yaml", ...argv], file);

const { book: _, limits: _limits, signed: _signed, ...oneValueRules } = SAFE_RULES;

describe("the edge's settings", () => {
  it("make one site that answers every Host from --origin", () => {
    expect(read(["--origin", "site"])).to.deep.equal({
      id: "edge-1",
      host: "127.0.0.1",
      advertise: "127.0.0.1",
      port: 8081,
      grpcPort: 50051,
      adminPort: 9081,
      adminHost: undefined,
      adminAllowedHosts: [],
      tellVersion: false,
      disk: undefined,
      diskSize: 1_073_741_824,
      peers: false,
      warmStart: undefined,
      warmFromPeers: false,
      warmPace: 100,
      origin: { kind: "directory", path: "site" },
      originHost: { kind: "client" },
      sites: [
        {
          name: "default",
          hosts: [],
          origin: { kind: "directory", path: "site" },
          host: { kind: "client" },
          tls: USUAL_ORIGIN_TLS,
          protocol: "http/1.1",
          rules: SAFE_RULES,
        },
      ],
      ...oneValueRules,
      cookies: undefined,
      preset: undefined,
      requestIdField: false,
      compress: [],
      compressTypes: NO_COMPRESSION.types,
      compressMinSize: 1_024,
      bodyLimit: Number.POSITIVE_INFINITY,
      urlLimit: 8_192,
      fieldsLimit: 8_192,
      signKeys: undefined,
      signPaths: [],
      signParameter: "token",
      signExpires: 31_536_000_000,
      originCa: undefined,
      originCert: undefined,
      originKey: undefined,
      originServerName: undefined,
      originTlsMin: "TLSv1.2",
      originProtocol: "http/1.1",
      redis: undefined,
      ...PLAIN_ACCESS,
      redisReplicas: undefined,
      publicUrl: undefined,
      memory: 268_435_456,
      ttl: 60_000,
      lease: 2000,
      staleWhenLapsed: false,
      tokenFile: undefined,
      readTokenFile: undefined,
      tokens: { token: undefined, readToken: undefined },
      ...NO_CONTROL_FILES,
      control: undefined,
      callers: undefined,
      workers: 1,
      tunnelIdle: 60_000,
      followConfig: false,
      eviction: "adaptive",
      simulateLatency: 0,
      trustedProxies: ["127.0.0.0/8", "::1"],
      ...defaultClientLimits,
      ...NO_TLS,
      ...NO_ACME,
      proxyProtocol: [],
      drain: 30_000,
      purgeRate: 5_000,
      purgeCompat: [],
      logLevel: "info",
      accessLog: { kind: "off" },
      accessLogFormat: "json",
      accessLogSample: 1,
      accessLogOmit: [],
      ...NO_TRACES,
    });
  });

  it("take sites from the file, with hosts in lower case", () => {
    const file =
      "sites:\n  - {name: a, hosts: [A.example], origin: 'http://h:1'}\n  - {name: b, origin: dir}\n";
    const { sites } = inFile(file);
    expect(sites.map(({ name, hosts, origin }) => [name, hosts, origin.kind])).to.deep.equal([
      ["a", ["a.example"], "http"],
      ["b", [], "directory"],
    ]);
  });

  it("take the rules of a site from its flags, or from its keys in the file", () => {
    const flags = [
      ["--set-cookie", "obey"],
      ["--request-cookie", "obey"],
      ["--error-statuses", "obey"],
      ["--client-cache-control", "obey"],
      ["--forward-fields", "*"],
    ];
    expect(read(["--origin", "x", ...flags.flat()]).sites[0]?.rules).to.deep.equal(RFC_RULES);
    const file =
      "sites:\n  - {name: a, origin: x, set-cookie: strip, client-cache-control: ignore, forward-fields: [X-Tenant]}\n";
    expect(inFile(file).sites[0]?.rules).to.deep.equal({
      ...SAFE_RULES,
      setCookie: "strip",
      clientCacheControl: "ignore",
      forwardFields: ["x-tenant"],
    });
  });

  it("take what is compressed from the flags of a site, or from its keys in the file", () => {
    const compress = { codings: ["br", "gzip"], types: ["text/html", "+json", "font/*"], minSize: 2_048 };
    const flags = ["--compress", "br,gzip", "--compress-types", "Text/HTML,+json,font/*"];
    const { sites } = read(["--origin", "x", ...flags, "--compress-min-size", "2KiB"]);
    expect(sites[0]?.rules?.compress).to.deep.equal(compress);
    const keys = "compress: [br, gzip], compress-types: [text/html, +json, font/*], compress-min-size: 2KiB";
    expect(inFile(`sites:\n  - {name: a, origin: x, ${keys}}\n`).sites[0]?.rules?.compress).to.deep.equal(
      compress,
    );
    expect(
      inFile("sites:\n  - {name: a, origin: x, compress: off}\n").sites[0]?.rules?.compress,
    ).to.deep.equal(NO_COMPRESSION);
  });

  it("take a public URL with or without a slash at its end", () => {
    expect(read(["--origin", "x", "--public-url", "https://a.example/"]).publicUrl?.origin).to.equal(
      "https://a.example",
    );
  });

  it("advertise loopback when nobody else can learn the address", () => {
    expect(read(["--origin", "x", "--host", "0.0.0.0"]).advertise).to.equal("127.0.0.1");
  });

  const refused: readonly [why: string, argv: readonly string[], message: string][] = [
    ["no origin", [], "--origin: must be given"],
    ["an unknown coding", ["--origin", "x", "--compress", "deflate"], "--compress: must be off, or a list"],
    ["a coding twice", ["--origin", "x", "--compress", "br,br"], "--compress: must be off, or a list"],
    [
      "a media type without a subtype",
      ["--origin", "x", "--compress-types", "text"],
      "--compress-types: must be a list, separated by commas, of which each is a media type",
    ],
    ["a file: URL", ["--origin", "file:///srv"], "--origin: must be the path of a directory, or http://host"],
    [
      "credentials in the origin",
      ["--origin", "http://u:p@h"],
      'the preferred one first, got "http://***@h"',
    ],
    ["a path in the origin", ["--origin", "http://h/a"], "--origin: must be"],
    ["itself as origin", ["--origin", "http://localhost:8081"], "--origin: must not be a port of this edge"],
    ["an id with a space", ["--origin", "x", "--id", "a b"], "--id: must be a name of 1 to 63"],
    ["an id that is too long", ["--origin", "x", "--id", "a".repeat(64)], "--id: must be a name of 1 to 63"],
    ["a lease below a second", ["--origin", "x", "--lease", "999ms"], "1s to 30s, got"],
    ["a lease above 30s", ["--origin", "x", "--lease", "31s"], "--lease: must be"],
    [
      "no workers",
      ["--origin", "x", "--workers", "0"],
      "--workers: must be a whole number from 1 to 256, or auto",
    ],
    [
      "too many workers",
      ["--origin", "x", "--workers", "257"],
      "--workers: must be a whole number from 1 to 256",
    ],
    [
      "no purges at all",
      ["--origin", "x", "--purge-rate", "0"],
      "--purge-rate: must be a whole number from 1",
    ],
    [
      "to leave out of the access log what no line of an edge has",
      ["--origin", "x", "--access-log-omit", "client,hedged"],
      ', or query: and the name of a query parameter (query:* for all of them), got "client,hedged"',
    ],
    [
      "a slip in what the access log leaves out",
      ["--origin", "x", "--access-log-omit", "clinet"],
      'got "clinet"; did you mean client?',
    ],
    ["a memory of nothing", ["--origin", "x", "--memory", "0"], "--memory: must be a size from 1MiB"],
    [
      "one port twice",
      ["--origin", "x", "--port", "9081"],
      "--port and --admin-port: must differ, got 9081 for both",
    ],
    [
      "a TLS port without a certificate",
      ["--origin", "x", "--tls-port", "8443"],
      "--tls-port: must be given together with --tls-cert and --tls-key",
    ],
    [
      "a TLS port that is the plain one",
      ["--origin", "x", "--tls-port", "8081", "--tls-cert", "a", "--tls-key", "b"],
      "--port and --tls-port: must differ, got 8081 for both",
    ],
    ["a Redis URL that is not one", ["--origin", "x", "--redis", "http://h"], "--redis: must be redis://"],
    ["a public URL with a path", ["--origin", "x", "--public-url", "http://h/a"], "--public-url: must be"],
    ["to advertise every address", ["--origin", "x", "--advertise", "::"], "--advertise: must be a host"],
    [
      "an address that Redis cannot tell others",
      ["--origin", "x", "--host", "0.0.0.0", "--redis", "redis://h"],
      "--advertise: must be given with --redis",
    ],
  ];
  for (const [why, argv, message] of refused) {
    it(`refuse ${why}`, () => expect(() => read(argv)).to.throw(message));
  }

  it("let several ports be 0, which is another free one each time", () => {
    expect(read(["--origin", "x", "--port", "0", "--grpc-port", "0", "--admin-port", "0"]).port).to.equal(0);
  });

  const refusedSites: readonly [why: string, file: string, message: string][] = [
    ["no site", "sites: []", "sites: must have at least one site, got []"],
    ["what is not a list", "sites: a", 'sites: must be a list of sites, got "a"'],
    [
      "a site that is not a map",
      "sites: [a]",
      'sites[0]: must be a map of name, hosts, origin and the rules of the site, got "a"',
    ],
    ["a site without origin", "sites: [{name: a}]", "sites.a.origin: must be the path of a directory"],
    ["an unknown key", "sites: [{name: a, origin: x, ttl: 1}]", 'sites.a."ttl" is not a setting'],
    [
      "a host with a port",
      "sites: [{name: a, origin: x, hosts: ['a:1']}]",
      "sites.a.hosts[0]: must be a host name",
    ],
    [
      "a host for the origin that is none",
      "sites: [{name: a, origin: 'http://h', host: 'a b'}]",
      "sites.a.host: must be client, origin, or a host name with an optional port",
    ],
    [
      "a rule that there is not",
      "sites: [{name: a, origin: x, set-cookie: share}]",
      "sites.a.set-cookie: must be one of refuse, strip, obey",
    ],
    ["hosts that are not a list", "sites: [{name: a, origin: x, hosts: a}]", "sites.a.hosts: must be a list"],
    [
      "a name twice",
      "sites: [{name: a, origin: x, hosts: [b]}, {name: a, origin: x}]",
      'each name must be used once, got "a"',
    ],
    [
      "a host twice",
      "sites: [{name: a, origin: x, hosts: [h]}, {name: b, origin: x, hosts: [H]}]",
      'got "h" in "a" and "b"',
    ],
    ["two sites for every Host", "sites: [{name: a, origin: x}, {name: b, origin: x}]", 'got "a" and "b"'],
    ["itself as origin", "sites: [{name: a, origin: 'http://127.0.0.1:8081'}]", 'origin of "a": must not be'],
  ];
  for (const [why, file, message] of refusedSites) {
    it(`refuse ${why} in sites`, () => expect(() => inFile(file)).to.throw(message));
  }

  it("refuse sites together with --origin", () => {
    const both = () => inFile("sites: [{name: a, origin: x}]", "--origin", "y");
    expect(both).to.throw('--origin: must not be given together with sites, got "y" and 1 sites');
  });
});

describe("the token", () => {
  const withToken = (env: Record<string, string>, argv: readonly string[] = []) =>
    edgeConfig({ argv: ["--origin", "x", ...argv], env, readFile: () => "of-the-file\n" }).tokens.token;

  it("comes from EDGECACHE_TOKEN or from a file, and need not be there", () => {
    expect(withToken({ EDGECACHE_TOKEN: "of-the-environment" })?.matches("of-the-environment")).to.equal(
      true,
    );
    expect(withToken({}, ["--token-file", "/run/secrets/token"])?.matches("of-the-file")).to.equal(true);
    expect(withToken({ EDGE_TOKEN_FILE: "/run/secrets/token" })?.matches("of-the-file")).to.equal(true);
    expect(withToken({})).to.equal(undefined);
  });

  it("has no flag, which every user of the machine could read", () => {
    expect(() => withToken({}, ["--token", "x"])).to.throw("--token: is not a flag of this program");
  });

  it("lets edges ask each other, who need none where only this machine reaches them", () => {
    const open = ["--peers", "--host", "10.0.0.1"];
    expect(() => withToken({}, open)).to.throw("--peers: must be given with a token");
    expect(withToken({ EDGECACHE_TOKEN: "of-the-environment" }, open)).not.to.equal(undefined);
    expect(withToken({}, ["--peers"])).to.equal(undefined);
  });

  it("lets the gRPC port listen beyond loopback", () => {
    const none = { token: undefined, readToken: undefined };
    const tokens = { ...none, token: new Token("x") };
    const control = { ca: "ca.pem", pair: { cert: "edge.pem", key: "edge.key" } };
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "edge-1"]) {
      expect(controlHost({ host, tokens: none, control: undefined }), host).to.equal("127.0.0.1");
      expect(controlHost({ host, tokens, control: undefined }), host).to.equal(host);
      expect(controlHost({ host, tokens: none, control }), host).to.equal(host);
    }
    for (const host of ["127.0.0.1", "127.9.8.7", "::1", "localhost"]) {
      expect(controlHost({ host, tokens: none, control: undefined }), host).to.equal(host);
    }
  });

  it("give certificates a table of those who may call, or a token", () => {
    const flags = ["--control-ca", "ca", "--control-cert", "cert", "--control-key", "key", "--origin", "x"];
    expect(() => read(flags)).to.throw(
      "callers: must be given with --control-ca in the configuration file unless there is a token, got nothing",
    );
    expect(inFile("callers: []\n", ...flags).control?.ca).to.equal("ca");
    expect(edgeConfig({ argv: flags, env: { EDGECACHE_TOKEN: "x" }, readFile: () => "" }).callers).to.equal(
      undefined,
    );
  });

  it("let operators have an address and names of their own", () => {
    const { adminHost, adminAllowedHosts } = read([
      "--origin",
      "site",
      "--admin-host",
      "127.0.0.1",
      "--admin-allowed-hosts",
      "metrics.internal,edge.internal",
    ]);
    expect([adminHost, adminAllowedHosts]).to.deep.equal([
      "127.0.0.1",
      ["metrics.internal", "edge.internal"],
    ]);
  });
});
