import { expect } from "chai";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import { CertificateFolder } from "../../test/rig/certificate-files.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { startRedisServer } from "../../test/rig/redis-server.ts";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { examined, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";
import { startTestEdge } from "../../test/rig/test-edge.ts";
import { startTestRouter } from "../../test/rig/test-router.ts";

describe("admin-cli doctor", function () {
  this.timeout(20_000);
  let edges: [ScratchEdge, ScratchEdge];

  beforeEach(async () => {
    edges = [await startScratchEdge("edge-1"), await startScratchEdge("edge-2")];
    for (const { script } of edges) script.members = edges.map((edge) => edge.member());
  });
  afterEach(async () => {
    for (const edge of edges) await edge.stop();
  });

  const doctor = (...argv: string[]) => runAdminCli(["doctor", ...argv, "--edge", edges[0].address]);

  it("finds nothing in a fleet that is well", async () => {
    expect(await doctor()).to.deep.equal({ code: 0, stdout: "nothing found\n", stderr: "" });
  });

  it("shows warnings, and exits with 1 when there is a problem", async () => {
    const warning = { severity: "warning", about: "a.pem", text: "it ends soon" };
    edges[1].script.examine = () => ({ kind: "answer", value: examined("edge-2", [warning]) });
    expect(await doctor()).to.deep.equal({
      code: 0,
      stdout: "edge-2  warning  a.pem  it ends soon\n",
      stderr: "",
    });
    await edges[1].stop();
    const { code, stdout } = await doctor("--json");
    expect(code).to.equal(1);
    expect(JSON.parse(stdout)).to.deep.equal({
      healthy: false,
      findings: [{ program: "edge-2", severity: "problem", about: "connection", text: "it does not answer" }],
    });
  });

  it("finds an expired certificate, an origin that is gone and a Redis that evicts, at an edge and a router", async () => {
    const folder = new CertificateFolder();
    const { cert, key } = await folder.make("old", ["old.example"], -2);
    const redis = await startRedisServer();
    await redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    const log = createLog("test", "silent");
    const purgeLog = openPurgeLog(redis.url, systemClock, log);
    const origin = await HttpOrigin.start({});
    const tls = { ...NO_TLS, tlsPort: 0, tlsCert: [cert], tlsKey: [key] };
    const edge = await startTestEdge(origin.url, { ...tls, id: "edge-9", purgeLog });
    const router = await startTestRouter([], {
      ...tls,
      edges: { kind: "listed", grpcAddresses: [edge.control] },
    });
    await origin.stop();
    const { code, stdout } = await runAdminCli([
      "doctor",
      "--json",
      ...["--edge", edge.control, "--router", new URL(router.admin).host],
    ]);
    expect(code).to.equal(1);
    const found = JSON.parse(stdout).findings.map(
      ({ program, severity, about }: { program: string; severity: string; about: string }) =>
        `${program.split(" ")[0]} ${severity} ${about}`,
    );
    expect(found).to.include.members([
      `edge-9 problem ${cert}`,
      "edge-9 problem site default",
      "edge-9 warning purge log",
      `router problem ${cert}`,
    ]);
    await router.running.stop();
    await edge.stop();
    await purgeLog.close();
    await redis.close();
    folder.remove();
  });
});
