import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ChildProgram, freePort, versionOf } from "../child-program.ts";
import { nginxFolders } from "../nginx-folders.ts";

/** A cache in front of the origin, on one core. */
export interface CacheServer {
  readonly name: string;
  readonly url: string;
  /** Processor seconds of all its processes so far. */
  processorSeconds(): number;
  stop(): Promise<void>;
}

/** The servers compared, and how to install a missing one. */
export interface Contender {
  readonly name: string;
  /** The Debian package; undefined: it is ours. */
  readonly package?: string;
  /** undefined: it is not on PATH. */
  start(originPort: number, core: number | undefined): Promise<CacheServer | undefined>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FLOOR_SOURCE = fileURLToPath(new URL("floor.c", import.meta.url));
// Of memory for each cache, so that none has to evict.
const MEMORY_MIB = 1024;

/** A program with a configuration file in a folder of its own. */
interface Configured {
  readonly name: string;
  readonly config: (port: number, folder: string) => string;
  readonly command: (file: string, port: number, folder: string) => readonly string[];
}

async function start({ name, config, command }: Configured, core: number | undefined): Promise<CacheServer> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const file = join(folder, "config");
  const port = await freePort();
  writeFileSync(file, config(port, folder));
  const program = await ChildProgram.start(name, command(file, port, folder), port, core);
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    processorSeconds: () => program.processorSeconds(),
    stop: async () => {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const edge: Contender = {
  name: "edgeCache",
  start: async (originPort, core) => {
    const [grpc, admin] = [await freePort(), await freePort()];
    return start(
      {
        name: "edgeCache",
        config: () => "",
        command: (_file, port) => [
          process.execPath,
          join(ROOT, "edge/main.ts"),
          ...["--port", port, "--grpc-port", grpc, "--admin-port", admin].map(String),
          ...["--origin", `http://127.0.0.1:${originPort}`, "--memory", `${MEMORY_MIB}MiB`],
          ...[
            "--client-connections",
            "10000",
            "--client-requests",
            "10000",
            "--origin-places-per-client",
            "1000",
            "--log-level",
            "error",
          ],
          ...["--drain", "0"],
        ],
      },
      core,
    );
  },
};

const haproxy: Contender = {
  name: "HAProxy",
  package: "haproxy",
  start: async (originPort, core) => {
    const version = versionOf("haproxy", "-v")?.replace(/^HAProxy version (\d+\.\d+).*$/, "HAProxy $1");
    if (version === undefined) return undefined;
    return start(
      {
        name: version,
        config: (port) => `global
  nbthread 1
  maxconn 8000
cache store
  total-max-size ${MEMORY_MIB}
  max-object-size 4194304
  max-age 3600
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:${port}
  http-request cache-use store
  http-response cache-store store
  default_backend back
backend back
  server origin 127.0.0.1:${originPort} pool-max-conn 256
`,
        command: (file) => ["haproxy", "-q", "-db", "-f", file],
      },
      core,
    );
  },
};

const nginx: Contender = {
  name: "nginx",
  package: "nginx",
  start: async (originPort, core) => {
    const version = versionOf("nginx", "-v")?.replace(/^nginx version: nginx\/(\d+\.\d+).*$/, "nginx $1");
    if (version === undefined) return undefined;
    return start(
      {
        name: version,
        config: (port, folder) => `daemon off;
user root;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 8000; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=200000;
  keepalive_requests 1000000000;
${nginxFolders(folder)}
  proxy_cache_path ${folder}/cache keys_zone=store:200m max_size=${MEMORY_MIB}m inactive=1h;
  upstream back { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache store;
      proxy_cache_lock on;
      proxy_cache_revalidate on;
    }
  }
}
`,
        command: (file) => ["nginx", "-c", file],
      },
      core,
    );
  },
};

const varnish: Contender = {
  name: "Varnish",
  package: "varnish",
  start: async (originPort, core) => {
    const version = versionOf("varnishd", "-V")?.replace(/^varnishd \(varnish-(\d+\.\d+).*$/, "Varnish $1");
    if (version === undefined) return undefined;
    return start(
      {
        name: version,
        config: () => "",
        command: (_file, port, folder) => [
          "varnishd",
          // "-j none": it may be started by any user, and its folder is ours.
          ...["-j", "none", "-F", "-n", folder, "-a", `127.0.0.1:${port}`, "-b", `127.0.0.1:${originPort}`],
          ...["-s", `malloc,${MEMORY_MIB}m`, "-p", "thread_pools=1"],
          // What is stale is validated before it is served, as by the others.
          ...["-p", "default_grace=0", "-p", "default_keep=3600"],
        ],
      },
      core,
    );
  },
};

/** One read and one write of the kernel for each request, in C, without parsing: nothing can be faster here. */
const floor: Contender = {
  name: "floor",
  package: "gcc",
  start: async (_originPort, core) => {
    if (versionOf("cc", "--version") === undefined) return undefined;
    return start(
      {
        name: "floor",
        config: (_port, folder) => {
          execFileSync("cc", ["-O2", "-o", join(folder, "floor"), FLOOR_SOURCE]);
          return "";
        },
        command: (_file, port, folder) => [join(folder, "floor"), String(port), "1024"],
      },
      core,
    );
  },
};

export const peers: readonly Contender[] = [haproxy, nginx, varnish, floor];
