import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { EdgeServiceService, PingResponse } from "../proto/gen/edgecache/v1/edge.ts";
import { freePort } from "../test/rig/free-port.ts";
import { HttpOrigin } from "../test/rig/http-origin.ts";
import { ChildProgram } from "./child-program.ts";
import { nginxFolders } from "./nginx-folders.ts";
import type { Upstream } from "./proxies.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

export interface RunningUpstream extends Upstream {
  readonly name: string;
  stop(): Promise<void>;
}

/** One of our edges, which holds a page of each size at `/<bytes>`. */
export async function startEdge(sizes: readonly number[], core?: number): Promise<RunningUpstream> {
  const fields = [["Cache-Control", "max-age=3600"]] as const;
  const pages = sizes.map((size) => [`/${size}`, { fields, body: randomBytes(size) }] as const);
  const origin = await HttpOrigin.start(Object.fromEntries(pages));
  const [httpPort, grpcPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  const ports = ["--port", httpPort, "--grpc-port", grpcPort, "--admin-port", adminPort].map(String);
  const command = [process.execPath, join(ROOT, "edge/main.ts"), ...ports, "--origin", origin.url.origin];
  const edge = await ChildProgram.start("edge", [...command, "--drain", "0"], httpPort, core);
  return {
    name: "an edge",
    httpPort,
    grpcPort,
    stop: async () => {
      await edge.stop();
      await origin.stop();
    },
  };
}

/**
 * The fastest upstream at hand, so that the proxy and not what stands behind it is what is measured: files of nginx,
 * with a gRPC port beside it that answers Ping for it as an edge would.
 */
export async function startFiles(sizes: readonly number[], core?: number): Promise<RunningUpstream> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  const httpPort = await freePort();
  mkdirSync(join(folder, "files"));
  for (const size of sizes) writeFileSync(join(folder, "files", String(size)), randomBytes(size));
  const file = join(folder, "config");
  writeFileSync(
    file,
    `user root;
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  open_file_cache max=100;
  keepalive_requests 1000000000;
${nginxFolders(folder)}
  server { listen 127.0.0.1:${httpPort}; root ${folder}/files; }
}
`,
  );
  const program = await ChildProgram.start("nginx", ["nginx", "-c", file], httpPort, core);
  const control = await answerPings(httpPort);
  return {
    name: "files of nginx",
    httpPort,
    grpcPort: control.port,
    stop: async () => {
      control.server.forceShutdown();
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answerPings(httpPort: number): Promise<{ readonly server: Server; readonly port: number }> {
  const server = new Server();
  const reply: PingResponse = {
    ...PingResponse.decode(new Uint8Array()),
    edge: "files",
    bootId: "files",
    state: "serving",
    position: "0-0",
    leaseLeftMs: 2_000,
    host: "127.0.0.1",
    httpPort,
  };
  server.register(
    EdgeServiceService.ping.path,
    (_call: unknown, done: (error: null, response: PingResponse) => void) => done(null, reply),
    EdgeServiceService.ping.responseSerialize,
    EdgeServiceService.ping.requestDeserialize,
    "unary",
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { server, port };
}
