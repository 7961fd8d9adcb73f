import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { startConfig } from "../../start/config.ts";
import { localCertificate } from "../../start/local-certificate.ts";
import { type System, startSystem } from "../../start/system.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NodeProgram } from "./node-program.ts";
import { wordsOf } from "./page-fences.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";
import { type Ran, runCommand } from "./run-command.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DATABASES = 16;
const FREE_PORTS = {
  router: 0,
  routerTls: 0,
  routerAdmin: 0,
  edges: [0, 1, 2].map(() => ({ port: 0, grpcPort: 0, adminPort: 0 })),
};
// A machine of the documentation keeps files here; the folder of the test has folders of the same names.
const FOLDERS = ["/etc/edgecache", "/var/cache/edgecache", "/var/lib/edgecache", "/var/log/edgecache"];

const CONFIGURATION = `sites:
  - name: shop
    hosts: [shop.example]
    origin: http://127.0.0.1:8000
    rules:
      - { match: { path: /assets/** }, ttl: 30d }
`;

const SITEMAP = "<urlset><url><loc>http://shop.example/hello.txt</loc></url></urlset>\n";

/** A request in an access log of JSON lines: it was slow, and the router asked two edges. */
const LOGGED = {
  time: "2026-11-28T00:00:00.000Z",
  status: 200,
  request_id: "6f1c",
  method: "GET",
  host: "shop.example",
  target: "/a",
  bytes: 5,
  outcome: "miss",
  origin: 0.7,
  tries: 2,
};

/** What the documentation speaks of: the system of `npm start`, a Redis, and the files of a machine; on free ports. */
export class DocumentedSystem {
  readonly folder: string;
  readonly #redis: RedisServer;
  readonly #system: System;
  #database = 0;

  private constructor(folder: string, redis: RedisServer, system: System) {
    this.folder = folder;
    this.#redis = redis;
    this.#system = system;
  }

  static async start(): Promise<DocumentedSystem> {
    const folder = mkdtempSync(join(tmpdir(), "edgecache-documented-"));
    await writeFiles(folder);
    const redis = await startRedisServer();
    const config = startConfig({ argv: ["--log-level", "silent"], env: {}, readFile: () => "" });
    const system = await startSystem({ ...config, ports: FREE_PORTS }, parts());
    return new DocumentedSystem(folder, redis, system);
  }

  /** Runs commands of a shell one after the other. The first that fails ends it. */
  async run(commands: readonly string[]): Promise<Ran> {
    const [edge] = this.#system.edges;
    const script = [
      // npx would ask the registry for what this folder does not have.
      `npx() { [ "$1" = --no ] && shift 2; shift; "${process.execPath}" "${ROOT}/packaging/edgecache.mjs" "$@"; }`,
      ...commands.map((command) => this.#here(command)),
    ].join("\n");
    return await runCommand("bash", ["-e", "-u", "-o", "pipefail", "-c", script], this.folder, {
      HOME: this.folder,
      EDGECACHE_EDGE: `127.0.0.1:${edge?.grpc.port}`,
      EDGECACHE_ROUTER: `127.0.0.1:${this.#system.router.admin.port}`,
      ...(commands.join().includes("$EDGECACHE_READ_TOKEN")
        ? { EDGECACHE_READ_TOKEN: randomBytes(16).toString("hex") }
        : {}),
    });
  }

  /** What edge.yaml has beside its sites. */
  configure(more: string): void {
    writeFileSync(join(this.folder, "edge.yaml"), `${CONFIGURATION}${more}`);
  }

  /** Starts a program, waits until it listens, and ends it. Throws what it said when it ends before. */
  async startAndEnd(command: string): Promise<void> {
    const started = /^(?:npm run (edge|router) --|npx edgecache (edge|router)) (.*)$/.exec(command);
    const program = started?.[1] ?? started?.[2];
    if (program === undefined) return await this.#startWhole(command.replace(/^npm start( --)?/, ""));
    // Each has a Redis of its own, so that none waits for another's name.
    this.#database = (this.#database % (DATABASES - 1)) + 1;
    const args = wordsOf(this.#here(started?.[3] ?? "", `/${this.#database}`)).map((word, index, words) =>
      /^--(?:[a-z]+-)?port$/.test(words[index - 1] ?? "") ? "0" : word,
    );
    const others = program === "edge" ? ["port", "grpc-port", "admin-port"] : ["port", "admin-port"];
    const free = others.filter((name) => !args.includes(`--${name}`)).flatMap((name) => [`--${name}`, "0"]);
    const running = await NodeProgram.start({
      name: command,
      command: [join(ROOT, program, "main.ts"), ...args, ...free],
      ready: /"router listening"|grpc \S+:\d+, operator \S+:\d+/,
      checkout: this.folder,
      env: { HOME: this.folder },
    });
    // It need not say goodbye: nobody has talked to it.
    await running.program.end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#system.stop();
    await this.#redis.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startWhole(flags: string): Promise<void> {
    this.#database = (this.#database % (DATABASES - 1)) + 1;
    const argv = [...wordsOf(this.#here(flags, `/${this.#database}`)), "--log-level", "silent"];
    const config = startConfig({ argv, env: {}, readFile: () => CONFIGURATION });
    const certificate = config.tls ? await localCertificate(this.folder, systemClock.wall()) : undefined;
    const system = await startSystem({ ...config, ports: FREE_PORTS }, parts(), certificate);
    await system.stop();
  }

  /** Settings with the files of this test in the place of those of the documentation. */
  settingsHere(yaml: string): string {
    return this.#here(yaml).replace(/(?<=: )[\w.-]+\.(pem|key)$/gm, (name) => join(this.folder, name));
  }

  /** The text with the addresses and folders of this test in the place of those of the documentation. */
  #here(command: string, database = ""): string {
    const { router, edges } = this.#system;
    const places: (readonly [documented: string, here: string])[] = [
      ["127.0.0.1:8080", `127.0.0.1:${router.http.port}`],
      ["127.0.0.1:8090", `127.0.0.1:${router.admin.port}`],
      ["redis://127.0.0.1:6379", `${this.#redis.url}${database}`],
      ["redis://redis.internal:6379", `${this.#redis.url}${database}`],
      ...FOLDERS.map((path) => [path, join(this.folder, path)] as const),
      ...edges.flatMap(({ http, grpc, admin }, index) =>
        ["127.0.0.1", `edge-${index + 1}.internal`].flatMap(
          (host) =>
            [
              [`${host}:${8081 + index}`, `127.0.0.1:${http.port}`],
              [`${host}:${50051 + index}`, `127.0.0.1:${grpc.port}`],
              [`${host}:${9081 + index}`, `127.0.0.1:${admin.port}`],
            ] as const,
        ),
      ),
    ];
    return places.reduce((text, [documented, here]) => text.replaceAll(documented, here), command);
  }
}

function parts() {
  return { clock: systemClock, log: createLog("documented", "silent") };
}

/** The files that commands of the documentation name. */
async function writeFiles(folder: string): Promise<void> {
  for (const path of FOLDERS) mkdirSync(join(folder, path), { recursive: true });
  cpSync(join(ROOT, "assets", "hello.txt"), join(folder, "site", "hello.txt"));
  writeFileSync(join(folder, "etc/edgecache/token"), randomBytes(32).toString("hex"), { mode: 0o600 });
  writeFileSync(join(folder, "edge.yaml"), CONFIGURATION);
  writeFileSync(join(folder, "changed.txt"), "/a\n/b\n");
  writeFileSync(join(folder, "sitemap.xml"), SITEMAP);
  for (const name of ["access.log", "router.log", "edge.log"]) {
    writeFileSync(join(folder, name), `${JSON.stringify(LOGGED)}\n`);
  }
  for (const name of ["site", "other"]) {
    const { cert, key } = await makeCertificate([`${name}.example`]);
    writeFileSync(join(folder, `${name}.pem`), cert);
    writeFileSync(join(folder, `${name}.key`), key, { mode: 0o600 });
  }
}
