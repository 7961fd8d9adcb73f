import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PurgeTarget } from "../proto/gen/edgecache/v1/edge.ts";
import { EdgeProcess } from "../test/rig/edge-process.ts";
import { freePort } from "../test/rig/free-port.ts";
import { purge } from "../test/rig/purge.ts";
import { ChildProgram, versionOf } from "./child-program.ts";

/** A cache in front of the origin, and the ways to purge /page from it. */
export interface RaceCache {
  readonly name: string;
  /** Of its data port. */
  readonly url: string;
  readonly purges: ReadonlyMap<string, () => Promise<void>>;
  stop(): Promise<void>;
}

export async function startEdgeCache(origin: URL): Promise<RaceCache> {
  const edge = await EdgeProcess.start({ id: "edge-1", origin });
  const by = (target: NonNullable<PurgeTarget["target"]>) => async () => {
    const { outcome } = await purge(edge.control, target);
    if (outcome !== "applied") throw new Error(`the purge was ${outcome}`);
  };
  return {
    name: "edgeCache",
    url: `http://127.0.0.1:${edge.httpPort}`,
    purges: new Map([
      ["url", by({ $case: "url", url: "/page" })],
      ["prefix", by({ $case: "prefix", prefix: "/pa" })],
      ["tag", by({ $case: "tag", tag: "pages" })],
      ["everything", by({ $case: "everything", everything: true })],
    ]),
    stop: () => edge.kill(),
  };
}

/** Undefined when varnishd is not on PATH. */
export async function startVarnish(origin: URL): Promise<RaceCache | undefined> {
  const version = versionOf("varnishd", "-V");
  if (version === undefined) return undefined;
  // Grace would answer with the old version by design; keep lets it revalidate.
  const vcl = `vcl 4.1;
backend default { .host = "${origin.hostname}"; .port = "${origin.port}"; }
sub vcl_recv {
  if (req.method == "PURGE") { return (purge); }
  if (req.method == "BAN") { ban("req.url == " + req.url); return (synth(200)); }
}
sub vcl_backend_response { set beresp.grace = 0s; set beresp.keep = 1h; }
`;
  return startOther(version.replace(/^varnishd \((\S+).*$/, "$1"), ["PURGE", "BAN"], (folder, port) => {
    writeFileSync(join(folder, "default.vcl"), vcl);
    const listens = [
      "-a",
      `127.0.0.1:${port}`,
      "-f",
      join(folder, "default.vcl"),
      "-n",
      join(folder, "work"),
    ];
    return ["varnishd", "-F", "-j", "none", ...listens, "-s", "malloc,32m"];
  });
}

/** Undefined when squid is not on PATH. */
export async function startSquid(origin: URL): Promise<RaceCache | undefined> {
  const version = versionOf("squid", "-v");
  if (version === undefined) return undefined;
  return startOther(
    version.replace(/^Squid Cache: Version (\S+).*$/, "squid-$1"),
    ["PURGE"],
    (folder, port) => {
      const lines = [
        `http_port 127.0.0.1:${port} accel defaultsite=race`,
        `cache_peer ${origin.hostname} parent ${origin.port} 0 no-query no-digest originserver`,
        "acl purging method PURGE",
        "http_access allow all",
        "cache_mem 32 MB",
        `pid_filename ${join(folder, "squid.pid")}`,
        `coredump_dir ${folder}`,
        "cache_log /dev/null",
        "access_log none",
        "shutdown_lifetime 0 seconds",
        "visible_hostname race",
        "pinger_enable off",
      ];
      writeFileSync(join(folder, "squid.conf"), `${lines.join("\n")}\n`);
      return ["squid", "-N", "-f", join(folder, "squid.conf")];
    },
  );
}

/** Undefined when traffic_server is not on PATH. */
export async function startTrafficServer(origin: URL): Promise<RaceCache | undefined> {
  const version = versionOf("traffic_server", "--version");
  if (version === undefined) return undefined;
  return startOther(
    version.replace(/^Traffic Server (\S+).*$/, "trafficserver-$1"),
    ["PURGE"],
    (folder, port) => {
      const programs = "/usr/lib/trafficserver";
      const files = {
        "runroot.yaml": [
          ...["prefix", "exec_prefix"].map((name) => `${name}: /usr`),
          ...["bindir", "sbindir"].map((name) => `${name}: /usr/bin`),
          `libdir: ${programs}`,
          `libexecdir: ${programs}/modules`,
          ...["sysconfdir", "datadir", "localstatedir", "runtimedir", "logdir", "cachedir"].map(
            (name) => `${name}: ${folder}`,
          ),
        ],
        "records.config": [
          `CONFIG proxy.config.http.server_ports STRING ${port}:ip-in=127.0.0.1`,
          // Whoever runs it, and nobody else.
          "CONFIG proxy.config.admin.user_id STRING #-1",
          "CONFIG proxy.config.crash_log_helper STRING NULL",
        ],
        "remap.config": [`map / ${origin.href}`],
        "storage.config": [`${folder} 64M`],
        "ip_allow.yaml": ["ip_allow:", "  - {apply: in, ip_addrs: 127.0.0.1, action: allow, methods: ALL}"],
      };
      for (const [name, lines] of Object.entries(files))
        writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
      return ["traffic_server", `--run-root=${join(folder, "runroot.yaml")}`];
    },
  );
}

async function startOther(
  name: string,
  methods: readonly string[],
  command: (folder: string, port: number) => readonly string[],
): Promise<RaceCache> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-race-"));
  const port = await freePort();
  const program = await ChildProgram.start(name, command(folder, port), port);
  const url = `http://127.0.0.1:${port}`;
  return {
    name,
    url,
    purges: new Map(methods.map((method) => [method, () => send(url, method)])),
    stop: async () => {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function send(url: string, method: string): Promise<void> {
  const asked = request(`${url}/page`, { method });
  asked.end();
  const [answer] = await once(asked, "response");
  answer.resume();
  // Squid and Traffic Server say 404 when they hold nothing yet, which is the very case of a purge before the fields.
  if (answer.statusCode !== 200 && answer.statusCode !== 404)
    throw new Error(`${method}: ${answer.statusCode}`);
}
