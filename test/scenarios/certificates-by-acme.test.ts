import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { expect } from "chai";
import { type AcmeValues, acmeConfigOf, NO_ACME } from "../../http/acme/acme-settings.ts";
import { AcmeProgram, acmeValuesFor } from "../rig/acme-program.ts";
import { AcmeServer } from "../rig/acme-server.ts";
import { FastClock } from "../rig/fast-clock.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { NodeProgram } from "../rig/node-program.ts";
import { daysUntil } from "../rig/prometheus-text.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { startTestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

describe("certificates by ACME in front of an edge and a router", () => {
  let folder: string;
  let server: AcmeServer;
  let origin: HttpOrigin;
  const stops: (() => Promise<void>)[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-acme-"));
    server = await AcmeServer.start();
    writeFileSync(join(folder, "ca.pem"), server.cert);
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=60"]], body: "content" } });
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    server.beforeCheck = async () => undefined;
  });
  after(async () => {
    await origin.stop();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const settings = (storage: string, more: Partial<AcmeValues> = {}) => ({
    ...NO_ACME,
    ...acmeValuesFor(server, { storage: join(folder, storage), ca: join(folder, "ca.pem") }),
    acmeAcceptTerms: true,
    ...more,
    tlsPort: 0,
  });

  /** What a client gets that names this host, and trusts the CA alone. */
  async function shown(port: number, servername: string): Promise<PeerCertificate | undefined> {
    const { promise, resolve } = Promise.withResolvers<PeerCertificate | undefined>();
    const socket = connect({ port, host: "127.0.0.1", servername, ca: server.issuer.cert }, () =>
      resolve(socket.getPeerCertificate()),
    );
    socket.on("error", () => resolve(undefined));
    const got = await promise;
    socket.destroy();
    return got;
  }

  const trusted = (port: number) =>
    until("a client trusts the port", async () => (await shown(port, "a.example")) !== undefined);

  it("come to every serving thread of an edge, each of which may be asked by the CA", async () => {
    const more = { acmeChallenge: "tls-alpn-01" } as const;
    const edge = await startTestEdge(origin.url, {
      ...settings("edge", more),
      workers: 2,
      tlsUnknownName: "refuse",
    });
    stops.push(() => edge.stop());
    const port = edge.https?.port ?? 0;
    server.ports = { http: edge.http.port, tls: port };
    expect(await shown(port, "a.example")).to.equal(undefined);
    await trusted(port);
    // A thread that follows the files later than the other would refuse some of these.
    await until("both threads have it", async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => shown(port, "a.example")));
      return all.every((each) => each !== undefined);
    });
    const metrics = async () => (await fetch(`${edge.operator}/metrics`)).text();
    await until(
      "the control thread has it too",
      async () => daysUntil(await metrics(), "edgecache_edge_certificate_expiry_timestamp_seconds") === 88,
    );
    expect(await metrics()).to.contain('edgecache_edge_certificates_issued_total{edge="edge-1"} 1\n');
    expect(await metrics()).to.contain(
      'edgecache_edge_certificates_failed_total{edge="edge-1",reason="unreachable"} 0\n',
    );
  });

  it("come to a router that redirects to HTTPS, and whose edges know no such host", async () => {
    const edge = await startTestEdge(origin.url);
    stops.unshift(() => edge.stop());
    const router = await startTestRouter([], {
      ...settings("router"),
      redirectToHttps: true,
      edges: { kind: "listed", grpcAddresses: [edge.control] },
    });
    stops.unshift(() => router.running.stop());
    const { http, https } = router.running.addresses;
    server.ports = { http: http.port, tls: https?.port ?? 0 };
    await trusted(https?.port ?? 0);
    const other = await fetch(`${router.base}/.well-known/acme-challenge/other`, { redirect: "manual" });
    expect(other.status).to.equal(308);
    const metrics = await (await fetch(`${router.admin}/metrics`)).text();
    expect(metrics).to.contain("edgecache_router_certificates_issued_total 1\n");
  });

  it("come to another program after the one that ordered was killed in the middle of it", async () => {
    const values = settings("killed");
    const reached = Promise.withResolvers<void>();
    server.beforeCheck = () => {
      reached.resolve();
      return new Promise(() => undefined);
    };
    const { program: killed } = await NodeProgram.start({
      name: "edge",
      command: [
        "edge/main.ts",
        ...["--port=0", "--tls-port=0", "--grpc-port=0", "--admin-port=0", `--origin=${origin.url.origin}`],
        ...["--acme-accept-terms", `--acme-directory=${values.acmeDirectory}`, `--acme-ca=${values.acmeCa}`],
        ...[`--acme-storage=${values.acmeStorage}`, `--acme-hosts=${values.acmeHosts}`],
      ],
      ready: /listens: http/,
    });
    await reached.promise;
    await killed.end("SIGKILL");
    const before = server.orders.length;
    server.beforeCheck = async () => undefined;
    const clock = new FastClock(20);
    const next = await AcmeProgram.start(values, clock);
    stops.push(() => next.stop());
    server.ports = { http: next.httpPort, tls: next.tlsPort };
    await until("the lock is taken over", () => next.ends.length > 0);
    expect([next.ends, server.orders.length]).to.deep.equal([["unfinished"], before]);
    const { folder: kept = "" } = acmeConfigOf(values) ?? {};
    const { notBefore } = JSON.parse(readFileSync(join(kept, "orders.json"), "utf8")).hosts["a.example"];
    clock.setWall(notBefore - clock.wall());
    await trusted(next.tlsPort);
    expect(server.orders.length).to.equal(before + 1);
  });
});
