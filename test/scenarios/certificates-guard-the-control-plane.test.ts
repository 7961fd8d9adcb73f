import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { expect } from "chai";
import { connectEdge, type EdgeClient } from "../../admin-cli/client.ts";
import { systemClock } from "../../process/clock.ts";
import { ControlIdentity } from "../../process/control/control-identity.ts";
import { ControlCertificates } from "../rig/control-certificates.ts";
import { EdgeProcess } from "../rig/edge-process.ts";
import { daysUntil } from "../rig/prometheus-text.ts";
import { type CliResult, runAdminCli } from "../rig/run-admin-cli.ts";
import { until } from "../rig/until.ts";

const run = promisify(execFile);

const MS = 5_000;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ROWS = {
  router: "  - { name: router-1, may: [] }\n",
  dashboard: "  - { name: dashboard, may: [read] }\n",
  ann: "  - { name: ann, may: [read, purge] }\n",
};

describe("certificates guard the control plane", function () {
  this.timeout(60_000);
  let fleet: ControlCertificates;
  let others: ControlCertificates;
  let edge: EdgeProcess;
  let config: string;
  const clients: EdgeClient[] = [];

  before(async () => {
    [fleet, others] = await Promise.all([ControlCertificates.make(), ControlCertificates.make()]);
    for (const name of ["router-1", "dashboard", "ann", "stranger"]) await fleet.client(name);
    await others.client("ann");
    config = fleet.file("edge.yaml", `callers:\n${Object.values(ROWS).join("")}`);
    const flags = ["--config", config, ...fleet.flags(await fleet.server("edge-1"))];
    edge = await EdgeProcess.start({ id: "edge-1", origin: "assets", flags });
  });

  after(async () => {
    for (const client of clients) client.close();
    await edge.close();
    fleet.remove();
    others.remove();
  });

  const proofOf = (name: string, of = fleet) => [
    "--control-ca",
    fleet.ca,
    ...of.flags(of.files(name)).slice(2),
  ];
  const cli = (...argv: string[]): Promise<CliResult> => runAdminCli([...argv, "--edge", edge.control]);

  function client(name: string): EdgeClient {
    const identity = new ControlIdentity({ ca: fleet.ca, pair: fleet.files(name) }, systemClock, QUIET);
    const made = connectEdge(edge.control, { token: undefined, identity });
    clients.push(made);
    return made;
  }

  const callersAre = (...rows: (keyof typeof ROWS)[]) => {
    writeFileSync(config, `callers:\n${rows.map((row) => ROWS[row]).join("")}`);
    process.kill(edge.pid, "SIGHUP");
  };

  it("lets each name do what the table says, and tells the others why not", async () => {
    expect((await cli("purge", "/a", ...proofOf("ann"))).code).to.equal(0);
    expect((await cli("stats", ...proofOf("dashboard"))).code).to.equal(0);
    const may = (what: string, name: string) =>
      `admin-cli: ${edge.control} refused the call: certificate: must have a name that \`callers\` of the edge's configuration lets ${what}: got "${name}"\n`;
    for (const [argv, name, what] of [
      [["purge", "/a"], "dashboard", "purge"],
      [["edges", "forget", "edge-9"], "ann", "forget"],
      [["stats"], "router-1", "read"],
      [["explain", "/a"], "stranger", "call"],
    ] as const) {
      const refused = await cli(...argv, ...proofOf(name));
      expect(refused.stderr, argv.join(" ")).to.equal(may(what, name));
      expect(refused.code).to.equal(1);
    }
    expect((await client("router-1").ping(MS)).edge).to.equal("edge-1");
  });

  it("lets each name do the same by HTTP, off loopback", async () => {
    const proof = fleet.flags(await fleet.server("edge-2"));
    const flags = ["--config", config, "--admin-host", "0.0.0.0", ...proof];
    const far = await EdgeProcess.start({ id: "edge-2", origin: "assets", flags });
    const asked = async (method: string, path: string, name: string) => {
      const { cert, key } = fleet.files(name);
      const outgoing = request({
        ...{ host: "127.0.0.1", port: far.adminPort, method, path, agent: false },
        ...{ ca: readFileSync(fleet.ca), cert: readFileSync(cert), key: readFileSync(key) },
        headers: { Host: "localhost", "Content-Type": "application/json" },
        // The certificate is for the name by which the edge is reached, and this asks by address.
        checkServerIdentity: () => undefined,
      });
      outgoing.end(method === "POST" ? '{"urls":["/a"]}' : undefined);
      const [answer] = await once(outgoing, "response");
      return { status: answer.statusCode, document: JSON.parse(await text(answer)) };
    };
    const purged = await asked("POST", "/purge", "ann");
    expect([purged.status, purged.document.outcome]).to.deep.equal([200, "applied"]);
    const { purges } = (await asked("GET", "/purges?limit=1", "dashboard")).document;
    expect(purges[0].by).to.match(/^DNS:ann |^ann /);
    const refused = await asked("POST", "/purge", "dashboard");
    expect([refused.status, refused.document.detail]).to.deep.equal([
      403,
      'certificate: must have a name that `callers` of the edge\'s configuration lets purge: got "dashboard"',
    ]);
    expect((await asked("POST", "/reload", "ann")).status).to.equal(403);
    expect((await asked("GET", "/stats", "stranger")).status).to.equal(403);
    await far.close();
  });

  it("says in words what the two sides do not trust", async () => {
    const why = async (...proof: string[]) => (await cli("stats", ...proof)).stderr;
    expect(await why()).to.match(/ closed the connection at once: it may speak TLS only \(--control-ca\)\n$/);
    const unproven = / closed the connection at once: it may want a certificate of its own CA /;
    expect(await why("--control-ca", fleet.ca)).to.match(unproven);
    const mixed = others.file("both.pem", "");
    copyFileSync(fleet.ca, mixed);
    expect(await why(...others.flags(others.files("ann")))).to.match(
      / is no edge that --control-ca lets trust: self-signed certificate in certificate chain\n$/,
    );
    expect(await why(...proofOf("ann", others))).to.match(
      /^admin-cli: --control-cert: must be issued by the CA in /,
    );
    const open = await EdgeProcess.start({ id: "open", origin: "assets" });
    const plain = await runAdminCli(["stats", "--edge", open.control, ...proofOf("ann")]);
    await open.close();
    expect(plain.stderr).to.match(/ speaks no TLS: leave --control-ca out\n$/);
  });

  it("takes a removed name out of running connections, and leaves the others alone", async () => {
    callersAre("router", "dashboard", "ann");
    const watch = async (name: string) => {
      const reports = client(name)
        .watchStats(200, 60_000, new AbortController().signal)
        [Symbol.asyncIterator]();
      expect((await reports.next()).done).to.equal(false);
      return reports;
    };
    const [ann, dashboard] = [await watch("ann"), await watch("dashboard")];
    callersAre("router", "dashboard");
    let end: unknown;
    while (end === undefined) await ann.next().catch((thrown: unknown) => (end = thrown));
    expect(end).to.have.property("name", "Failure");
    expect((await cli("stats", ...proofOf("ann"))).stderr).to.contain('lets call: got "ann"');
    expect((await dashboard.next()).done).to.equal(false);
    callersAre("router", "dashboard", "ann");
    await until("ann may call again", async () => (await cli("stats", ...proofOf("ann"))).code === 0);
    await dashboard.return?.(undefined);
  });

  it("reads the table again for a name that may reload", async () => {
    const root = "  - { name: root, may: [read, reload] }\n";
    writeFileSync(config, `callers:\n${Object.values(ROWS).join("")}${root}`);
    process.kill(edge.pid, "SIGHUP");
    await fleet.client("root");
    const reload = () => cli("reload", ...proofOf("root"));
    await until("root may reload", async () => (await reload()).code === 0);
    writeFileSync(config, `callers:\n${ROWS.router}${root}`);
    expect((await reload()).stdout).to.match(/^edge-1 +reloaded +settings [0-9a-f]{8}\n$/);
    expect((await cli("stats", ...proofOf("ann"))).code).to.equal(1);
    writeFileSync(config, "callers: nobody\n");
    expect((await reload()).stdout).to.match(
      /^edge-1 .* callers: must be a list of callers, got "nobody"\n$/,
    );
    callersAre("router", "dashboard", "ann");
    await until("ann may call again", async () => (await cli("stats", ...proofOf("ann"))).code === 0);
    expect((await reload()).code).to.equal(1);
  });

  it("keeps the table of before when the new one is wrong", async () => {
    writeFileSync(config, "callers: nobody\n");
    process.kill(edge.pid, "SIGHUP");
    expect((await cli("stats", ...proofOf("ann"))).code).to.equal(0);
    callersAre("router", "dashboard", "ann");
  });

  it("takes renewed certificates while calls go on, and none that are half replaced", async () => {
    const router = client("router-1");
    let calls = 0;
    let over = false;
    const calling = (async () => {
      while (!over) {
        await router.ping(MS);
        calls += 1;
      }
    })();
    const key = fleet.file("kept.pem", "");
    copyFileSync(fleet.files("edge-1").key, key);
    const old = await serverCertificate();
    await fleet.server("edge-1", { days: 25 });
    const renewed = fleet.file("renewed.pem", "");
    copyFileSync(fleet.files("edge-1").key, renewed);
    copyFileSync(key, fleet.files("edge-1").key);
    process.kill(edge.pid, "SIGHUP");
    expect((await client("router-1").ping(MS)).edge).to.equal("edge-1");
    expect(await serverCertificate()).to.equal(old);
    copyFileSync(renewed, fleet.files("edge-1").key);
    process.kill(edge.pid, "SIGHUP");
    await until("the new certificate serves", async () => (await serverCertificate()) !== old);
    const before = calls;
    await until("calls went on", async () => calls > before);
    over = true;
    await calling;
  });

  async function serverCertificate(): Promise<string> {
    const { cert, key } = fleet.files("ann");
    const [ca, own, secret] = [fleet.ca, cert, key].map((path) => readFileSync(path));
    const socket = connect({ port: edge.grpcPort, ca, cert: own, key: secret, ALPNProtocols: ["h2"] });
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  }

  it("shows when the certificate ends", async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${edge.adminPort}/metrics`)).text();
    expect(daysUntil(metrics, "edgecache_edge_control_certificate_expiry_timestamp_seconds")).to.be.oneOf([
      19, 24,
    ]);
    expect(metrics).to.match(
      /^edgecache_edge_callers_refused_total\{[^}]*reason="no-certificate"[^}]*\} [1-9]/m,
    );
  });

  it("answers grpcurl with a certificate, reflection included", async function () {
    // Built with `go install github.com/fullstorydev/grpcurl/cmd/grpcurl`.
    await run("grpcurl", ["-version"]).catch(() => this.skip());
    const grpcurl = async (name: string, ...rest: string[]) => {
      const { cert, key } = fleet.files(name);
      return await run("grpcurl", ["-cacert", fleet.ca, "-cert", cert, "-key", key, ...rest]);
    };
    const purge = ["-d", '{"targets":[{"tag":"news"}]}', edge.control, "edgecache.v1.EdgeService/Purge"];
    expect((await grpcurl("ann", edge.control, "list")).stdout).to.contain("edgecache.v1.EdgeService");
    expect((await grpcurl("ann", ...purge)).stdout).to.contain('"outcome": "applied"');
    const refused = await grpcurl("stranger", edge.control, "list").catch((thrown: Error) => thrown.message);
    expect(refused).to.match(/PermissionDenied|permission/i);
    const health = await grpcurl("stranger", edge.control, "grpc.health.v1.Health/Check").catch(
      (thrown: Error) => thrown.message,
    );
    expect(health).to.match(/PermissionDenied|permission/i);
  });

  it("does not begin with files that do not fit, and says which in one line", async () => {
    const flags = [
      "--config",
      config,
      "--control-ca",
      others.ca,
      ...fleet.flags(fleet.files("edge-1")).slice(2),
    ];
    const said = await EdgeProcess.start({ id: "edge-2", origin: "assets", flags }).then(
      () => "it began",
      (thrown: Error) => thrown.message,
    );
    expect(said).to.match(/edge: --control-cert: must be issued by the CA in "[^"]+", "[^"]+" is issued by /);
  });
});
