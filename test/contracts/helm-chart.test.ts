import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { promisedBytes } from "../../edge/cache/memory-watch.ts";
import { edgeConfig, edgeProgram } from "../../edge/config.ts";
import { memoryFit } from "../../process/memory-fit.ts";
import { routerConfig, routerProgram } from "../../router/config.ts";

const root = resolve(import.meta.dirname, "../..");
const chart = join(root, "packaging/helm/edgecache");
const read = (path: string): string => readFileSync(join(chart, path), "utf8");
const TEMPLATES = ["edges", "routers", "redis", "secret", "network-policies"].map(
  (name) => `templates/${name}.yaml`,
);
const MIB = 2 ** 20;
const ORIGIN = { edges: { origin: "http://shop.default.svc:3000" } };

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const schemaText: Json = JSON.parse(read("values.schema.json"));
const schema = z.fromJSONSchema(schemaText as Parameters<typeof z.fromJSONSchema>[0]);
const values: Json = parse(read("values.yaml"));

/** What an operator's values become: their maps are merged into those of the chart, as helm does. */
function withValues(more: Json, base: Json = values): Json {
  if (!isMap(more) || !isMap(base)) return more;
  const merged = Object.entries(more).map(([key, value]) => [key, withValues(value, base[key] ?? null)]);
  return { ...base, ...Object.fromEntries(merged) };
}

function isMap(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The ways to the values of a document, those of free maps left out. */
function pathsOf(value: Json, properties: (at: Json) => Json, path = ""): readonly string[] {
  const inside = properties(value);
  if (!isMap(inside) || Object.keys(inside).length === 0) return [path];
  return Object.entries(inside).flatMap(([key, each]) => pathsOf(each, properties, `${path}/${key}`));
}

describe("the values of the Helm chart", () => {
  it("are as their schema says", () => {
    expect(schema.safeParse(values).error).to.equal(undefined);
    expect(schema.safeParse(withValues(ORIGIN)).error).to.equal(undefined);
  });

  it("are all in the schema, with a sentence on each", () => {
    const known = pathsOf(schemaText, (at) => (isMap(at) ? (at.properties ?? null) : null));
    // A map that is empty by default, or free, ends the way in one of the two.
    const told = pathsOf(values, (at) => at).filter((path) => !path.includes("/resources"));
    for (const path of told) expect(known, path).to.satisfy(() => known.some((each) => path === each));
    for (const path of known)
      if (!path.includes("/resources") && path !== "/global") expect(told, path).to.include(path);
    for (const line of JSON.stringify(schemaText, null, 1).matchAll(/"description": "(.*)"/g))
      expect(line[1]).to.match(/\.$/);
  });

  for (const [what, wrong] of [
    ["a name that is none of its own", { edges: { replica: 3 } }],
    ["a number that is a word", { edges: { memoryMiB: "512MiB" } }],
    ["no memory", { edges: { memoryMiB: 0 } }],
    ["no thread", { routers: { workers: 0 } }],
    ["257 threads", { edges: { workers: 257 } }],
    ["an origin without a scheme", { edges: { origin: "shop:3000" } }],
    ["a variable of the other program", { edges: { env: { ROUTER_MODE: "redirect" } } }],
    ["a digest that is cut", { image: { digest: "sha256:0123" } }],
    ["a token that is short", { auth: { token: "secret" } }],
    ["a kind of Service that is none", { routers: { service: { type: "Ingress" } } }],
    ["a network that is none", { edges: { trustedProxies: ["pods"] } }],
  ] as const)
    it(`do not take ${what}`, () => {
      expect(schema.safeParse(withValues(wrong as Json)).success).to.equal(false);
    });

  for (const [what, right] of [
    ["1 MiB of memory", { edges: { memoryMiB: 1 } }],
    ["256 threads", { edges: { workers: 256 } }],
    ["a whole digest", { image: { digest: `sha256:${"0a".repeat(32)}` } }],
    ["further settings", { edges: { env: { EDGE_TTL: "5m", EDGE_PURGE_RATE: 100 } } }],
  ] as const)
    it(`take ${what}`, () => {
      expect(schema.safeParse(withValues(right as Json)).error).to.equal(undefined);
    });
});

describe("the Helm chart", () => {
  it("has the version of package.json", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(parse(read("Chart.yaml"))).to.include({ name: "edgecache", appVersion: version });
  });

  it("gives the programs settings that they know", () => {
    for (const { name, settings } of [edgeProgram, routerProgram]) {
      const prefix = name.toUpperCase();
      const known = Object.keys(settings).map((key) => key.replaceAll(/[A-Z]/g, "_$&").toUpperCase());
      const text = TEMPLATES.map(read).join();
      const given = [...text.matchAll(new RegExp(`name: ${prefix}_(\\w+)`, "g"))].map(([, key]) => key);
      expect(given).to.include("HOST");
      for (const key of given) expect([...known, "CONFIG"]).to.include(key);
    }
  });

  it("gives its Redis the durability and the rules of access that the guides say", () => {
    const args = [...read("templates/redis.yaml").matchAll(/^ {12}- (.*)$/gm)].map(([, arg]) =>
      String(parse(arg ?? "")),
    );
    const line = args.join(" ");
    for (const each of ["--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"])
      expect(line).to.contain(each);
    const page = readFileSync(join(root, "docs/redis.md"), "utf8");
    const rules = /^user edgecache on >CHANGE-ME (.*)$/m.exec(page)?.[1];
    expect(rules).to.be.a("string");
    expect(line).to.contain(`--user edgecache on >$(REDIS_PASSWORD) ${rules}`);
    expect(line).to.contain("--user default on nopass resetkeys resetchannels -@all +ping");
  });
});

const container = z.object({
  image: z.string(),
  command: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })),
  resources: z.object({ limits: z.object({ memory: z.string() }) }),
  securityContext: z.record(z.string(), z.unknown()),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
});
const manifest = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
  spec: z
    .looseObject({
      replicas: z.number().optional(),
      type: z.string().optional(),
      template: z.object({ spec: z.looseObject({ containers: z.tuple([container]) }) }).optional(),
    })
    .optional(),
});
type Manifest = z.infer<typeof manifest>;

describe("the Helm chart, as helm sees it", function () {
  // Helm takes a second, and more on a busy machine.
  this.timeout(60_000);

  before(function () {
    if (spawnSync("helm", ["version"]).error === undefined) return;
    for (const test of this.test?.parent?.tests ?? []) test.title += " (needs helm)";
    this.skip();
  });

  function helm(
    command: readonly string[],
    more: Json,
  ): { status: number | null; stdout: string; stderr: string } {
    // A file of JSON is one of YAML. A version of Kubernetes is given, because no cluster is asked for it.
    return spawnSync("helm", [...command, chart, "--kube-version", "1.30.0", "--values", "-"], {
      encoding: "utf8",
      input: JSON.stringify(more),
    });
  }

  function rendered(more: Json): readonly Manifest[] {
    const { status, stdout, stderr } = helm(["template", "shop"], more);
    expect(status, stderr).to.equal(0);
    return parseAllDocuments(stdout)
      .map((document) => document.toJS())
      .filter((each) => each !== null)
      .map((each) => manifest.parse(each));
  }

  function podOf(manifests: readonly Manifest[], name: string) {
    const { template } =
      manifests.find((each) => each.metadata.name === name && each.spec?.template)?.spec ?? {};
    if (template === undefined) throw new Error(`no pods of ${name}`);
    return template.spec;
  }

  const variables = (pod: ReturnType<typeof podOf>): Record<string, string> =>
    Object.fromEntries(
      pod.containers[0].env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    );

  const FULL = {
    edges: {
      config: { sites: [{ name: "shop", origin: "http://shop.default.svc:3000" }] },
      workers: 4,
      memoryMiB: 8192,
      storage: { enabled: true, sizeGiB: 20 },
      env: { EDGE_TTL: "5m" },
      annotations: { a: "b" },
      nodeSelector: { a: "b" },
      tolerations: [{ operator: "Exists" }],
      cpu: { limit: 2 },
    },
    routers: {
      tls: { secretName: "certificate" },
      annotations: { a: "b" },
      env: { ROUTER_POLICY: "balanced" },
    },
    redis: { bundled: false, existingSecret: "log" },
    auth: { existingSecret: "tokens" },
    image: { digest: `sha256:${"0a".repeat(32)}`, pullSecrets: ["registry"] },
    networkPolicy: { operators: [{ namespaceSelector: {} }] },
  };

  it("has nothing that helm lint finds", () => {
    for (const more of [ORIGIN, FULL]) {
      const { status, stdout } = helm(["lint", "--strict"], more);
      expect(status, stdout).to.equal(0);
    }
  });

  it("runs edges, routers and a Redis, each with what keeps them going", () => {
    const all = rendered(ORIGIN).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(all.sort()).to.deep.equal([
      "Deployment shop-edgecache-router",
      "NetworkPolicy shop-edgecache-edge",
      "NetworkPolicy shop-edgecache-redis",
      "NetworkPolicy shop-edgecache-router",
      "PodDisruptionBudget shop-edgecache-edge",
      "PodDisruptionBudget shop-edgecache-router",
      "Secret shop-edgecache",
      "Secret shop-edgecache-redis",
      "Service shop-edgecache",
      "Service shop-edgecache-control",
      "Service shop-edgecache-edge",
      "Service shop-edgecache-redis",
      "StatefulSet shop-edgecache-edge",
      "StatefulSet shop-edgecache-redis",
    ]);
  });

  it("leaves out what the operator brings", () => {
    const all = rendered(FULL);
    expect(all.filter(({ kind }) => kind === "Secret")).to.deep.equal([]);
    expect(all.some(({ metadata }) => metadata.name.endsWith("-redis"))).to.equal(false);
    expect(podOf(all, "shop-edgecache-edge").containers[0].image).to.equal(`edgecache@${FULL.image.digest}`);
  });

  it("makes tokens and passwords that fit into a field and a URL", () => {
    const data = rendered(ORIGIN).flatMap((each) => Object.values(each.data ?? {}));
    expect(data).to.have.length(2);
    for (const each of data) expect(Buffer.from(each, "base64").toString()).to.match(/^[A-Za-z0-9]{48}$/);
  });

  it("runs nothing as root, and nothing that writes to its image", () => {
    for (const { metadata, spec } of rendered(ORIGIN)) {
      if (spec?.template === undefined) continue;
      const { containers, securityContext } = spec.template.spec;
      expect(securityContext, metadata.name).to.include({ runAsNonRoot: true });
      expect(containers[0].securityContext, metadata.name).to.deep.equal({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  for (const [what, more] of [
    ["few settings", ORIGIN],
    ["many", FULL],
  ] as const)
    it(`starts programs that take their ${what}`, () => {
      const all = rendered(more as Json);
      const config = all.find(({ kind }) => kind === "ConfigMap")?.data?.["edge.yaml"] ?? "";
      const readFile = (path: string): string => (path === "/etc/edgecache/edge.yaml" ? config : "");
      const REDIS = "redis://edgecache:secret@redis:6379";
      const own = { EDGECACHE_TOKEN: "a-token-of-this-test", EDGE_ID: "edge-0", EDGE_ADVERTISE: "10.1.2.3" };
      const env = { ...variables(podOf(all, "shop-edgecache-edge")), ...own, EDGE_REDIS: REDIS };
      const edge = edgeConfig({ argv: [], env, readFile });
      expect(edge.sites.map(({ origin }) => String(origin))).to.have.length(1);
      expect(edge.workers).to.equal(more === FULL ? 4 : 1);
      expect(edge.ttl).to.equal(more === FULL ? 300_000 : 60_000);
      expect(edge.disk).to.equal(more === FULL ? "/var/lib/edgecache/disk" : undefined);
      if (more === FULL) expect(edge.diskSize).to.be.within(18 * 1024 * MIB, 20 * 1024 * MIB - 1);
      const router = variables(podOf(all, "shop-edgecache-router"));
      const { ROUTER_TLS_CERT, ROUTER_TLS_KEY, ROUTER_TLS_PORT, ...plain } = router;
      expect(routerConfig({ argv: [], env: { ...plain, ROUTER_REDIS: REDIS }, readFile }).host).to.equal(
        "0.0.0.0",
      );
      expect([ROUTER_TLS_PORT, ROUTER_TLS_CERT, ROUTER_TLS_KEY]).to.deep.equal(
        more === FULL
          ? ["8443", "/etc/edgecache/tls/tls.crt", "/etc/edgecache/tls/tls.key"]
          : [undefined, undefined, undefined],
      );
    });

  for (const [memoryMiB, workers] of [
    [1, 1],
    [512, 1],
    [513, 2],
    [8192, 4],
    [65_536, 16],
  ] as const)
    it(`gives an edge of ${memoryMiB} MiB with ${workers} workers the memory and the heap that it asks for`, () => {
      const pod = podOf(rendered({ edges: { ...ORIGIN.edges, memoryMiB, workers } }), "shop-edgecache-edge");
      const resident = Number.parseInt(pod.containers[0].resources.limits.memory, 10) * MIB;
      const heapLimit = Number(/=(\d+)$/.exec(variables(pod).NODE_OPTIONS ?? "")?.[1]) * MIB;
      const memory = memoryMiB * MIB;
      const promised = promisedBytes(memory, workers === 1 ? 0 : workers);
      expect(memoryFit({ memory, edges: 1, promised }, { heapLimit, resident })).to.deep.equal({
        kind: "fits",
      });
      // Not much more, for which the cluster would have no use.
      expect(resident).to.be.lessThan(promised + 40 * MIB);
    });

  for (const [what, more, said] of [
    ["no origin", {}, "edges.origin or edges.config.sites must say where responses come from"],
    [
      "no Redis",
      { ...ORIGIN, redis: { bundled: false } },
      "redis.existingSecret must name a Secret with the key url",
    ],
    ["a value that the schema refuses", { edges: { ...ORIGIN.edges, replicas: -1 } }, "replicas"],
  ] as const)
    it(`is not installed with ${what}`, () => {
      const { status, stderr } = helm(["template", "shop"], more as Json);
      expect(status).to.not.equal(0);
      expect(stderr).to.contain(said);
    });
});
