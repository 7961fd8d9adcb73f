import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { connect } from "node:tls";
import { expect } from "chai";
import { NO_TLS, type TlsValues } from "../../http/tls/tls-settings.ts";
import { CertificateFolder, makeCertificate } from "../rig/certificate-files.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { daysUntil } from "../rig/prometheus-text.ts";
import { stats } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe("HTTPS in front of an edge and a router", () => {
  let folder: CertificateFolder;
  let origin: HttpOrigin;
  let edge: TestEdge;
  let router: TestRouter;
  let tls: TlsValues;
  let https: number;

  before(async () => {
    folder = new CertificateFolder();
    const { cert, key } = await folder.make("a", ["a.example"], 20);
    tls = { ...NO_TLS, tlsPort: 0, tlsCert: [cert], tlsKey: [key], hsts: 60_000, redirectToHttps: true };
    origin = await HttpOrigin.start({
      "/a": { fields: [["Cache-Control", "max-age=60"]], body: "content" },
      "/proto": ({ header }) => ({ body: header("X-Forwarded-Proto") ?? "none" }),
    });
    edge = await startTestEdge(origin.url, tls);
    router = await startTestRouter([], { ...tls, edges: { kind: "listed", grpcAddresses: [edge.control] } });
    https = router.running.addresses.https?.port ?? 0;
  });

  after(async () => {
    await router.running.stop();
    await edge.stop();
    await origin.stop();
    folder.remove();
  });

  async function getTls(
    port: number,
    path: string,
    agent = new Agent({ keepAlive: false }),
  ): Promise<Answer> {
    const asked = request({ port, host: "127.0.0.1", path, rejectUnauthorized: false, agent });
    asked.end();
    const [response] = await once(asked, "response");
    let body = "";
    for await (const part of response.setEncoding("utf8")) body += part;
    return { status: response.statusCode, headers: response.headers, body };
  }

  it("answers misses and hits, and tells browsers to use HTTPS only", async () => {
    for (const port of [edge.https?.port ?? 0, https]) {
      for (const path of ["/a", "/a", "/none"]) {
        const { status, headers } = await getTls(port, path);
        expect([path, status, headers["strict-transport-security"]]).to.deep.equal([
          path,
          path === "/none" ? 404 : 200,
          "max-age=60",
        ]);
      }
      expect((await getTls(port, "/a")).headers["x-cache"]).to.equal("HIT");
    }
  });

  it("tells the origin that the client came by HTTPS", async () => {
    expect((await getTls(https, "/proto")).body).to.equal("https");
  });

  it("redirects what comes by HTTP, and says nothing of HTTPS there", async () => {
    for (const [base, port] of [
      [edge.url, edge.https?.port],
      [router.base, https],
    ] as const) {
      const { status, header } = await get(base, "/a?x=1", { headers: { Host: "a.example" } });
      expect([status, header("Location")]).to.deep.equal([308, `https://a.example:${port}/a?x=1`]);
      expect(header("Strict-Transport-Security")).to.equal(undefined);
    }
  });

  it("serves by HTTP what a trusted proxy took by HTTPS", async () => {
    const headers = { Host: "a.example", "X-Forwarded-Proto": "https" };
    for (let i = 0; i < 2; i += 1) expect((await get(edge.url, "/a", { headers })).text).to.equal("content");
  });

  it("tells when the certificate ends", async () => {
    const daysLeft = async (base: string, program: string) =>
      daysUntil(
        (await get(base, "/metrics")).text,
        `edgecache_${program}_certificate_expiry_timestamp_seconds`,
      );
    expect([await daysLeft(edge.operator, "edge"), await daysLeft(router.admin, "router")]).to.deep.equal([
      19, 19,
    ]);
    expect((await stats(edge.control)).certificateDaysLeft).to.be.within(19, 20);
  });

  it("takes a renewed certificate while connections stay open", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    agent.on("free", (socket) => sockets.add(socket));
    expect((await getTls(https, "/a", agent)).status).to.equal(200);
    folder.write("a", await makeCertificate(["b.example"]));
    await router.logged("certificates reloaded");
    expect((await getTls(https, "/a", agent)).status).to.equal(200);
    expect(sockets.size).to.equal(1);
    agent.destroy();
  }).timeout(20_000);

  it("takes a renewed certificate at once when it is told to", async () => {
    const { port = 0 } = edge.https ?? {};
    const shownNames = async () => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      const names = socket.getPeerX509Certificate()?.subjectAltName;
      socket.destroy();
      return names;
    };
    folder.write("a", await makeCertificate(["reloaded.example"]));
    await edge.reload({ callers: undefined });
    expect(await shownNames()).to.equal("DNS:reloaded.example");
  });

  it("does not start with a certificate that does not match its key", async () => {
    const other = await folder.make("other", ["a.example"]);
    const mixed = { ...tls, tlsKey: [other.key] };
    const failed = await startTestEdge(origin.url, mixed).catch((thrown: unknown) => String(thrown));
    expect(failed).to.match(/--tls-cert, --tls-key: the certificate in .* does not match the key in .*/);
  });
});
