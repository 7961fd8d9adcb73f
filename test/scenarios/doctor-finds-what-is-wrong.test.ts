import { expect } from "chai";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import { CertificateFolder } from "../rig/certificate-files.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startRedisServer } from "../rig/redis-server.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { startTestRouter } from "../rig/test-router.ts";

describe("admin-cli doctor at a real edge and a real router", () => {
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
    expect(stdout).to.match(/its origin cannot be reached: [^"]*ECONNREFUSED[^"]*; start it/);
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
  }).timeout(20_000);
});
