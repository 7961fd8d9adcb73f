import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../test/rig/free-port.ts";
import { ChildProgram, versionOf } from "./child-program.ts";
import { nginxFolders } from "./nginx-folders.ts";

/** A reverse proxy in front of one upstream. */
export interface ReverseProxy {
  readonly name: string;
  readonly url: string;
  /** Of all its processes so far. */
  processorSeconds(): number;
  stop(): Promise<void>;
}

/** The origin of all proxies. */
export interface Upstream {
  /** Of its gRPC port, which the router measures. */
  readonly grpcPort: number;
  readonly httpPort: number;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
// More than the connections of the load, so that none of them has to open one anew.
const KEPT_ALIVE = 256;

export async function startRouter({ grpcPort }: Upstream, core?: number): Promise<ReverseProxy> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const flags = ["--port", port, "--admin-port", adminPort, "--edges", `127.0.0.1:${grpcPort}`].map(String);
  const command = [process.execPath, join(ROOT, "router/main.ts"), ...flags, "--log-level", "warn"];
  const router = await ChildProgram.start("edgeCache router", command, port, core);
  return {
    name: router.name,
    url: `http://127.0.0.1:${port}`,
    processorSeconds: () => router.processorSeconds(),
    stop: () => router.stop(),
  };
}

/** One thread, connections to the upstream kept and shared. Undefined when haproxy is not on PATH. */
export async function startHaproxy({ httpPort }: Upstream, core?: number): Promise<ReverseProxy | undefined> {
  const version = versionOf("haproxy", "-v");
  if (version === undefined) return undefined;
  const name = version.replace(/^HAProxy version (\d+\.\d+).*$/, "HAProxy $1");
  return startConfigured(
    name,
    (port) => `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  option forwardfor
  http-reuse always
  timeout connect 1s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  server edge 127.0.0.1:${httpPort} pool-max-conn ${KEPT_ALIVE}
`,
    (file) => ["haproxy", "-q", "-db", "-f", file],
    core,
  );
}

/** One worker, `proxy_pass` with upstream keep-alive. Undefined when nginx is not on PATH. */
export async function startNginx({ httpPort }: Upstream, core?: number): Promise<ReverseProxy | undefined> {
  const version = versionOf("nginx", "-v");
  if (version === undefined) return undefined;
  const name = version.replace(/^nginx version: nginx\/(\d+\.\d+).*$/, "nginx $1");
  return startConfigured(
    name,
    (port, folder) => `daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
${nginxFolders(folder)}
  upstream back { server 127.0.0.1:${httpPort}; keepalive ${KEPT_ALIVE}; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`,
    (file) => ["nginx", "-c", file],
    core,
  );
}

async function startConfigured(
  name: string,
  config: (port: number, folder: string) => string,
  command: (file: string) => readonly string[],
  core: number | undefined,
): Promise<ReverseProxy> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const file = join(folder, "config");
  const port = await freePort();
  writeFileSync(file, config(port, folder));
  const program = await ChildProgram.start(name, command(file), port, core);
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
