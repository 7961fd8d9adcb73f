import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../test/rig/free-port.ts";
import { versionOf } from "../child-program.ts";
import { type CacheServer, type Setting, type Startable, startServer } from "./cache-server.ts";
import { compiled } from "./compiled.ts";
import { EdgePurger } from "./edge-purger.ts";
import { EdgeWatcher } from "./edge-watcher.ts";
import type { Other } from "./workloads.ts";

/** A server that is compared. */
export interface Contender {
  readonly name: string;
  /** The Debian package that has it; undefined: it is ours. */
  readonly package?: string;
  /** undefined: it is not on PATH. */
  start(setting: Setting): Promise<CacheServer | undefined>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// All show the same certificate: ECDSA, P-256.
const [CERTIFICATE, KEY] = ["cert", "key"].map((kind) =>
  join(ROOT, `test/rig/self-signed-test-only.${kind}.pem`),
) as [string, string];
// Of memory for each cache, so that none has to evict.
const MEMORY_MIB = 1024;
// Far above any load, so that no guard against clients that ask too much is measured.
const UNLIMITED = ["--client-connections", "100000", "--client-requests", "100000"];

/** The values that the configurations of peers name. */
function valuesOf({ originPort, threads }: Setting) {
  return {
    "ram-cache-mib": MEMORY_MIB,
    "origin-port": originPort,
    threads,
    "memory-mib": MEMORY_MIB,
    certificate: CERTIFICATE,
    key: KEY,
  };
}

/** A peer whose version stands in what it says of itself. */
function peer(
  about: { readonly name: string; readonly package: string; readonly version: readonly [string, string] },
  startable: (setting: Setting) => Omit<Startable, "name">,
): Contender {
  return {
    name: about.name,
    package: about.package,
    start: async (setting) => {
      const said = versionOf(...about.version);
      if (said === undefined) return undefined;
      const [number = ""] = /\d+\.\d+/.exec(said) ?? [];
      return startServer({ name: `${about.name} ${number}`, ...startable(setting) }, setting);
    },
  };
}

interface EdgeManner {
  /** Of memory; default: so much that it need not evict. */
  readonly memoryMib?: number;
  /** Flags, of files in its folder. */
  readonly more?: (folder: string) => readonly string[];
  /** Somebody looks at the dashboard. */
  readonly isWatched?: boolean;
}

function edgeCache(name: string, manner: EdgeManner = {}): Contender {
  return { name, start: (setting) => startEdge(name, manner, setting) };
}

export const edge = edgeCache("edgeCache");
const loggedEdge = edgeCache("edgeCache with access log", {
  more: (folder) => ["--access-log", join(folder, "access.log")],
});
const ruledEdge = edgeCache("edgeCache with 20 rules", {
  more: (folder) => ["--config", join(folder, "rules.yaml")],
});
const watchedEdge = edgeCache("edgeCache, watched", { isWatched: true });

async function startEdge(
  name: string,
  { more = () => [], isWatched = false, memoryMib = MEMORY_MIB }: EdgeManner,
  setting: Setting,
): Promise<CacheServer> {
  const { originPort, redis, threads } = setting;
  const [grpc, admin] = [await freePort(), await freePort()];
  const purger = new EdgePurger(grpc);
  const watcher = isWatched ? new EdgeWatcher(grpc) : undefined;
  return startServer(
    {
      name,
      configuration: "edge",
      tls: true,
      command: ({ port, tlsPort, folder }) => [
        process.execPath,
        join(ROOT, "edge/main.ts"),
        ...["--port", port, "--grpc-port", grpc, "--admin-port", admin, "--tls-port", tlsPort].map(String),
        ...["--tls-cert", CERTIFICATE, "--tls-key", KEY, "--tls-on-unsafe-node"],
        ...["--origin", `http://127.0.0.1:${originPort}`, "--memory", `${memoryMib}MiB`],
        ...["--workers", String(threads), ...(redis === undefined ? [] : ["--redis", redis])],
        ...[...UNLIMITED, "--origin-places-per-client", "1000", "--log-level", "error", "--drain", "0"],
        ...more(folder),
      ],
      purge: () => (path) => purger.purge(path),
      close: () => {
        watcher?.stop();
        purger.close();
      },
    },
    setting,
  );
}

const haproxy = peer({ name: "HAProxy", package: "haproxy", version: ["haproxy", "-v"] }, (setting) => ({
  configuration: "haproxy",
  values: valuesOf(setting),
  tls: true,
  command: ({ folder }) => {
    // It wants key and certificate in one file.
    writeFileSync(join(folder, "pair.pem"), readFileSync(CERTIFICATE, "utf8") + readFileSync(KEY, "utf8"));
    return ["haproxy", "-q", "-db", "-f", join(folder, "haproxy.cfg")];
  },
}));

const nginx = peer({ name: "nginx", package: "nginx", version: ["nginx", "-v"] }, (setting) => ({
  configuration: "nginx",
  values: valuesOf(setting),
  tls: true,
  command: ({ folder }) => ["nginx", "-c", join(folder, "nginx.conf")],
}));

const varnish = peer({ name: "Varnish", package: "varnish", version: ["varnishd", "-V"] }, (setting) => ({
  configuration: "varnish",
  values: valuesOf(setting),
  tls: false,
  command: ({ folder, port }) => [
    ...["varnishd", "-F", "-j", "none", "-n", join(folder, "work"), "-a", `127.0.0.1:${port}`],
    ...["-f", join(folder, "default.vcl"), "-s", `malloc,${MEMORY_MIB}m`],
    ...["-p", `thread_pools=${setting.threads}`, "-p", "listen_depth=8192"],
  ],
  purge: purgeByMethod,
}));

/** With so much memory for what is on disk. */
function trafficServerWith(ramCacheMib: number): Contender {
  return peer(
    { name: "Traffic Server", package: "trafficserver", version: ["traffic_server", "--version"] },
    (setting) => ({
      configuration: "trafficserver",
      values: { ...valuesOf(setting), "ram-cache-mib": ramCacheMib },
      tls: true,
      command: ({ folder }) => ["traffic_server", `--run-root=${join(folder, "runroot.yaml")}`],
      purge: purgeByMethod,
    }),
  );
}

const trafficServer = trafficServerWith(MEMORY_MIB);

/** One read and one write of the kernel for each request, in C, without parsing: nothing can be faster here. */
const floor: Contender = {
  name: "floor",
  package: "gcc",
  start: async (setting) => {
    const program = compiled("floor.c");
    if (program === undefined) return undefined;
    return startServer(
      { name: "floor", tls: false, command: ({ port }) => [program, String(port), "1024"] },
      setting,
    );
  },
};

export const peers: readonly Contender[] = [haproxy, nginx, varnish, trafficServer, floor];

/** An edge with so little memory that most of what it stores is on disk only. */
export function edgeWithDisk(memoryMib: number): Contender {
  const more = (folder: string) => ["--disk", join(folder, "disk"), "--disk-size", "4GiB"];
  return edgeCache("edgeCache", { memoryMib, more });
}

/** The same edge without a disk. */
export function edgeWithoutDisk(memoryMib: number): Contender {
  return edgeCache("edgeCache without a disk", { memoryMib });
}

/** Caches that store on disk, with as much memory as the edge has where it can be said. nginx has that of the system. */
export function diskPeers(memoryMib: number): readonly Contender[] {
  return [nginx, trafficServerWith(memoryMib)];
}

/** PURGE on connections that are kept open. */
function purgeByMethod(port: number): (path: string) => Promise<void> {
  const agent = new Agent({ keepAlive: true });
  return async (path) => {
    const asked = request({ port, host: "127.0.0.1", method: "PURGE", path, agent });
    asked.end();
    const [answer] = await once(asked, "response");
    answer.resume();
    // Traffic Server says 404 to a purge of what it does not hold.
    if (answer.statusCode !== 200 && answer.statusCode !== 404)
      throw new Error(`PURGE ${path}: ${answer.statusCode}`);
  };
}

export function contendersOf(other: Other): readonly Contender[] {
  switch (other) {
    case "peers":
      return peers;
    case "edge with access log":
      return [loggedEdge];
    case "edge with rules":
      return [ruledEdge];
    case "edge that is watched":
      return [watchedEdge];
  }
}
