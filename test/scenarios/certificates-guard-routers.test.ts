import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { ControlCertificates } from "../rig/control-certificates.ts";
import { EdgeProcess } from "../rig/edge-process.ts";
import { NodeProgram } from "../rig/node-program.ts";
import { daysUntil } from "../rig/prometheus-text.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { until } from "../rig/until.ts";

const LISTENS = /"port":(\d+),.*"adminPort":(\d+).*"router listening"/;
const TOKEN = "of-prometheus";

describe("certificates guard routers", function () {
  this.timeout(60_000);
  let fleet: ControlCertificates;
  let edge: EdgeProcess;
  let router: NodeProgram;
  let ports: { readonly http: number; readonly admin: number };

  before(async () => {
    fleet = await ControlCertificates.make();
    for (const name of ["ann", "stranger"]) await fleet.client(name);
    const callers = "callers:\n  - { name: router-1, may: [] }\n  - { name: ann, may: [read] }\n";
    const config = fleet.file("config.yaml", callers);
    const flags = (files: Parameters<ControlCertificates["flags"]>[0]) => [
      "--config",
      config,
      ...fleet.flags(files),
    ];
    edge = await EdgeProcess.start({
      id: "edge-1",
      origin: "assets",
      flags: flags(await fleet.server("edge-1")),
    });
    const started = await NodeProgram.start({
      name: "router",
      command: [
        ...[
          "router/main.ts",
          "--port",
          "0",
          "--admin-port",
          "0",
          "--admin-host",
          "0.0.0.0",
          "--edges",
          edge.control,
        ],
        ...flags(await fleet.server("router-1")),
      ],
      ready: LISTENS,
      env: { EDGECACHE_READ_TOKEN: TOKEN, EDGECACHE_TOKEN: "of-operators" },
    });
    router = started.program;
    ports = { http: Number(started.match[1]), admin: Number(started.match[2]) };
  });

  after(async () => {
    await router.end("SIGTERM");
    await edge.close();
    fleet.remove();
  });

  /** Asks the operator port; `name`: whose certificate is shown. */
  async function ask(path: string, name?: string, headers = {}): Promise<{ status: number; body: string }> {
    const pair = name === undefined ? undefined : fleet.files(name);
    const asked = request({
      ...{ port: ports.admin, path, headers, agent: false, ca: readFileSync(fleet.ca) },
      ...(pair === undefined ? {} : { cert: readFileSync(pair.cert), key: readFileSync(pair.key) }),
    }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: await text(response) };
  }

  it("lets the router measure the edge by its own certificate, at an address", async () => {
    const response = await fetch(`http://127.0.0.1:${ports.http}/hello.txt`);
    expect([response.status, response.headers.get("cache-status")?.includes("edge-1")]).to.deep.equal([
      200,
      true,
    ]);
  });

  it("lets a router without certificates say why it cannot measure the edge", async () => {
    const { program, match } = await NodeProgram.start({
      name: "bare router",
      command: ["router/main.ts", "--port", "0", "--admin-port", "0", "--edges", edge.control],
      ready: LISTENS,
    });
    const told = async () => {
      const page = await fetch(`http://127.0.0.1:${match[2]}/route.json?url=/a`);
      return await page.text();
    };
    await until("it says why", async () =>
      (await told()).includes("it closed the connection at once: it may speak TLS only (--control-ca)"),
    );
    await program.end("SIGTERM");
  });

  it("shows the pages to names that may read, and to who has a token", async () => {
    const edges = await ask("/edges.json", "ann");
    expect([edges.status, JSON.parse(edges.body)[0].state]).to.deep.equal([200, "serving"]);
    const { body } = await ask("/metrics", undefined, { authorization: `Bearer ${TOKEN}` });
    expect(daysUntil(body, "edgecache_router_control_certificate_expiry_timestamp_seconds")).to.equal(19);
    expect(await ask("/metrics", "stranger")).to.deep.include({ status: 403 });
    const unproven = await ask("/edges.json");
    expect([unproven.status, unproven.body]).to.deep.equal([
      401,
      "Authorization: must be Bearer <the program's token or read token>: got none\n",
    ]);
  });

  it("answers health checks that prove nothing", async () => {
    expect((await ask("/healthz")).status).to.equal(200);
    expect((await ask("/readyz")).status).to.equal(200);
  });

  it("answers the CLI", async () => {
    const route = (...proof: readonly string[]) =>
      runAdminCli(["route", "/a", "--router", `127.0.0.1:${ports.admin}`, ...proof]);
    expect((await route(...fleet.flags(fleet.files("ann")))).stdout).to.match(/^edge +edge-1\n/);
    const refused = await route(...fleet.flags(fleet.files("stranger")));
    expect(refused.stderr).to.contain("refused the question: certificate: must have a name that `callers`");
    expect((await route()).stderr).to.contain("no router answers at");
  });

  it("takes a removed name out of the pages on SIGHUP", async () => {
    fleet.file("config.yaml", "callers:\n  - { name: router-1, may: [] }\n");
    process.kill(router.pid, "SIGHUP");
    await until("ann may no longer read", async () => (await ask("/edges.json", "ann")).status === 403);
  });
});
