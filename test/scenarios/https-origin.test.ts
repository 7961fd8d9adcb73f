import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

// For localhost only, made for these tests, until the year 2120: nothing else trusts it.
const pem = (what: "cert" | "key") =>
  readFileSync(new URL(`../rig/self-signed-test-only.${what}.pem`, import.meta.url), "utf8");

/** A text of its own for each path, far larger than what one read brings. */
function large(path: string): string {
  return `${path} `.repeat(200_000);
}

describe("an edge in front of an HTTPS origin", () => {
  const trusted = getCACertificates("default");
  let server: Server;
  let edge: TestEdge;
  let requests: number;

  beforeEach(async () => {
    requests = 0;
    server = createServer({ cert: pem("cert"), key: pem("key") }, (request, response) => {
      requests += 1;
      // On the first use of a connection: nothing was ever received, though the handshake was.
      if (request.url === "/closed") request.socket.destroy();
      else if (request.url?.startsWith("/large/") === true) response.end(large(request.url));
      else response.setHeader("Cache-Control", "max-age=60").end(`host ${request.headers.host}`);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  afterEach(async () => {
    setDefaultCACertificates(trusted);
    await edge.stop();
    server.closeAllConnections();
    server.close();
  });

  async function startEdge(host: string): Promise<URL> {
    const { port } = server.address() as AddressInfo;
    const url = new URL(`https://${host}:${port}`);
    edge = await startTestEdge(url);
    return url;
  }

  /** Like NODE_EXTRA_CA_CERTS, for this process. */
  function trust(): void {
    setDefaultCACertificates([...trusted, pem("cert")]);
  }

  it("fetches, stores and is ready when its certificate is trusted", async () => {
    trust();
    await startEdge("localhost");
    const first = await get(edge.url, "/x");
    // TLS asks for the origin's own name, and the request for the client's.
    const host = `host ${new URL(edge.url).host}`;
    expect([first.status, first.text, first.header("x-cache")]).to.deep.equal([200, host, "MISS"]);
    expect((await get(edge.url, "/x")).header("x-cache")).to.equal("HIT");
    expect([requests, (await get(edge.operator, "/readyz")).status]).to.deep.equal([1, 200]);
  });

  it("passes large answers on unharmed, several at a time, over connections that it keeps", async () => {
    trust();
    const { port } = new URL(await startEdge("localhost"));
    expect(port).not.to.equal("");
    let connections = 0;
    server.on("secureConnection", () => {
      connections += 1;
    });
    for (let round = 0; round < 2; round += 1) {
      const paths = [1, 2, 3].map((n) => `/large/${round}${n}`);
      const answers = await Promise.all(paths.map((path) => get(edge.url, path)));
      for (const [i, { text }] of answers.entries()) expect(text === large(paths[i] ?? "")).to.equal(true);
    }
    expect(connections).to.be.at.most(3);
  });

  it("answers 502, and is not ready, when nobody vouches for its certificate", async () => {
    await startEdge("localhost");
    const answer = await get(edge.url, "/x");
    expect(answer.status).to.equal(502);
    expect(answer.header("proxy-status")).to.equal("edge-1; error=tls_certificate_error");
    const ready = await get(edge.operator, "/readyz");
    expect([ready.status, requests]).to.deep.equal([503, 0]);
    // The cause names inner addresses, so it stands in the log only.
    expect(JSON.parse(ready.text).reasons).to.deep.equal(["origin of site default cannot be reached"]);
  });

  it("answers 502 when its certificate is for another name", async () => {
    trust();
    await startEdge("127.0.0.1");
    const answer = await get(edge.url, "/x");
    expect([answer.status, answer.header("proxy-status"), requests]).to.deep.equal([
      502,
      "edge-1; error=tls_certificate_error",
      0,
    ]);
  });

  it("asks once only when a new connection is closed unanswered", async () => {
    trust();
    await startEdge("localhost");
    const answer = await get(edge.url, "/closed");
    expect([answer.status, answer.header("proxy-status"), requests]).to.deep.equal([
      502,
      "edge-1; error=connection_terminated",
      1,
    ]);
  });
});
