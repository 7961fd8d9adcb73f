import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { type LocalService, onLoopback, readComposeFile } from "../rig/compose-file.ts";

const root = resolve(import.meta.dirname, "../..");
const TOKEN = { EDGECACHE_TOKEN: "a-token-of-this-test" };
const REDIS_PASSWORD = "a-password-of-this-test";
const services = readComposeFile({ ...TOKEN, REDIS_PASSWORD });
const EDGES = ["edge-1", "edge-2", "edge-3"];
// Four programs start at once, beside other tests: a second on an idle machine.
const HEALTHY_WITHIN_MS = 60_000;

describe("docker-compose.yml", () => {
  it("has Redis, three edges and a router", () => {
    expect([...services.keys()]).to.deep.equal(["redis", ...EDGES, "router"]);
  });

  it("publishes ports on loopback only, each once", () => {
    const ports = [...services.values()].flatMap((service) => service.ports);
    for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:\d+:\d+$/);
    expect(new Set(ports.map((port) => port.split(":")[1])).size).to.equal(ports.length);
  });

  it("gives no service a root file system or a mounted site that it can write to", () => {
    for (const [name, service] of services) {
      expect(service.read_only, name).to.equal(true);
      for (const volume of service.volumes.filter((each) => each.startsWith("."))) {
        expect(volume, name).to.match(/:ro$/);
      }
    }
  });

  it("runs Redis so that an accepted purge survives a crash", () => {
    const command = services.get("redis")?.command.join(" ");
    for (const setting of ["--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"]) {
      expect(command).to.contain(setting);
    }
  });

  it("does not start without a token of the operator's own, and has none built in", () => {
    for (const name of EDGES) expect(services.get(name)?.environment, name).to.include(TOKEN);
    expect(() => readComposeFile({ REDIS_PASSWORD })).to.throw("EDGECACHE_TOKEN must be given");
  });

  it("does not start without a password of Redis of the operator's own, which edges and router know", () => {
    expect(() => readComposeFile(TOKEN)).to.throw("REDIS_PASSWORD must be given");
    const url = `redis://edgecache:${REDIS_PASSWORD}@redis:6379`;
    for (const name of EDGES) expect(services.get(name)?.environment.EDGE_REDIS, name).to.equal(url);
    expect(services.get("router")?.environment.ROUTER_REDIS).to.equal(url);
  });

  it("starts edges and router once Redis is healthy", () => {
    for (const name of [...EDGES, "router"]) {
      expect(services.get(name)?.depends_on.redis, name).to.deep.equal({ condition: "service_healthy" });
    }
  });

  it("serves the demo site, or the origin of EDGE_ORIGIN", () => {
    const EDGE_ORIGIN = "http://host.docker.internal:3000";
    const own = readComposeFile({ ...TOKEN, REDIS_PASSWORD, EDGE_ORIGIN });
    for (const name of EDGES) {
      expect(services.get(name)?.environment.EDGE_ORIGIN, name).to.equal("/site");
      expect(own.get(name)?.environment.EDGE_ORIGIN, name).to.equal(EDGE_ORIGIN);
    }
  });

  it("lets every edge advertise the host name under which the others find it", () => {
    for (const name of EDGES) {
      const edge = services.get(name);
      expect([edge?.hostname, edge?.environment.EDGE_ID, edge?.environment.EDGE_ADVERTISE]).to.deep.equal([
        name,
        name,
        name,
      ]);
    }
  });
});

describe("the services of docker-compose.yml, started as processes", function () {
  this.timeout(3 * HEALTHY_WITHIN_MS);
  // 127.0.0.0/8 is the machine itself, on Linux all of it. A random network keeps two runs apart.
  const random = () => 1 + Math.floor(Math.random() * 250);
  const local = onLoopback(services, `127.${random()}.${random()}`);
  const data = mkdtempSync(join(tmpdir(), "edgecache-compose-"));
  const running: ChildProcess[] = [];
  const said: string[] = [];

  const serviceOf = (name: string): LocalService => {
    const service = local.get(name);
    if (service === undefined) throw new Error(`no service ${name}`);
    return service;
  };
  const program = (name: string) => (name === "node" ? process.execPath : name);

  function start(name: string, more: readonly string[] = []): void {
    const { command, environment } = serviceOf(name);
    const [executable = "", ...args] = command;
    const child = spawn(program(executable), [...args, ...more], {
      cwd: root,
      env: { PATH: process.env.PATH, ...environment },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (chunk) => said.push(`${name}: ${chunk}`));
    // A test run that is cut short must not leave services behind.
    process.once("exit", () => child.kill("SIGKILL"));
    running.push(child);
  }

  /** As a container engine does: asks again until the check succeeds, for as long as the service lives. */
  function waitUntilHealthy(name: string, check: readonly string[] = serviceOf(name).healthCheck): void {
    const [executable = "", ...args] = check;
    const deadline = Date.now() + HEALTHY_WITHIN_MS;
    while (spawnSync(program(executable), args).status !== 0) {
      if (Date.now() > deadline) throw new Error(`${name} is not healthy:\n${said.join("")}`);
    }
  }

  before(function () {
    if (process.platform !== "linux") this.skip();
    start("redis", ["--bind", serviceOf("redis").address, "--dir", data]);
    waitUntilHealthy("redis", ["redis-cli", "-h", serviceOf("redis").address, "ping"]);
    for (const name of [...EDGES, "router"]) start(name);
    for (const name of [...EDGES, "router"]) waitUntilHealthy(name);
  });

  after(async () => {
    for (const child of running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(data, { recursive: true, force: true });
  });

  it("ask for Redis' password", () => {
    const get = ["-h", serviceOf("redis").address, "get", "{edgecache}:log"];
    expect(execFileSync("redis-cli", get, { encoding: "utf8" })).to.contain("NOPERM");
  });

  it("answer a request through the router, from one of the three edges", async () => {
    const response = await fetch(`http://${serviceOf("router").address}:8080/hello.txt`);
    expect(response.status).to.equal(200);
    expect(response.headers.get("x-served-by")).to.be.oneOf(EDGES);
    expect(await response.text()).to.equal(readFileSync(join(root, "assets/hello.txt"), "utf8"));
  });

  it("apply a purge on all three edges", () => {
    const edge = `${serviceOf("edge-2").address}:50051`;
    const args = ["admin-cli/bin.mjs", "purge", "/hello.txt", "--json", "--edge", edge];
    const answer = JSON.parse(
      execFileSync(process.execPath, args, {
        cwd: root,
        env: { ...process.env, ...TOKEN },
        encoding: "utf8",
      }),
    );
    expect(answer.outcome).to.equal("applied");
    const states = answer.edges.map((each: { edge: string; state: string }) => [each.edge, each.state]);
    expect(states).to.deep.equal(EDGES.map((name) => [name, "applied"]));
  });

  it("stop at once when they are told to", async () => {
    for (const child of running.splice(1)) {
      child.kill("SIGTERM");
      expect(await once(child, "exit")).to.deep.equal([0, null]);
    }
  });
});
