import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { expect } from "chai";
import { type OriginTls, USUAL_ORIGIN_TLS } from "../../edge/origin/origin-tls.ts";
import { Failure } from "../../process/failure.ts";
import { ControlCertificates, type PairFiles } from "../rig/control-certificates.ts";
import { get } from "../rig/http-client.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("an edge and an HTTPS origin with certificates of a CA of their own", () => {
  let authority: ControlCertificates;
  let shop: PairFiles;
  const servers: Server[] = [];
  const edges: TestEdge[] = [];

  before(async () => {
    authority = await ControlCertificates.make();
    shop = await authority.server("shop.internal");
    await authority.client("edge-1");
  });
  afterEach(async () => {
    for (const edge of edges.splice(0)) await edge.stop();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  after(() => authority.remove());

  /** Answers with the name that it was asked for and that of its client. */
  async function originOf(files: PairFiles, options: ServerOptions = {}): Promise<URL> {
    const pair = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
    const server = createServer({ ...pair, ...options }, ({ socket }, response) => {
      const { servername, authorized } = socket as TLSSocket & { readonly servername: string | false };
      const client = authorized ? (socket as TLSSocket).getPeerX509Certificate()?.subject : "nobody";
      response.end(`${servername} for ${client}`);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async function edgeOf(url: URL, tls: Partial<OriginTls>): Promise<TestEdge> {
    const site = { name: "shop", hosts: [], origin: { kind: "http", url } as const };
    const edge = await startTestEdge(url, { sites: [{ ...site, tls: { ...USUAL_ORIGIN_TLS, ...tls } }] });
    edges.push(edge);
    return edge;
  }

  async function answer(
    url: URL,
    tls: Partial<OriginTls>,
  ): Promise<readonly (string | number | undefined)[]> {
    const { status, text, header } = await get((await edgeOf(url, tls)).url, "/a");
    if (status === 200) return [status, text];
    const detail = /detail=([\w-]+)/.exec(header("cache-status") ?? "")?.[1];
    return [status, header("proxy-status"), detail];
  }

  const badCertificate = "edge-1; error=tls_certificate_error";

  it("meet when the edge is told the CA", async () => {
    const url = await originOf(shop);
    expect(await answer(url, { ca: authority.ca })).to.deep.equal([200, "false for nobody"]);
    expect(await answer(url, {})).to.deep.equal([502, badCertificate, "origin-certificate-untrusted"]);
  });

  it("check the name that the edge is told to ask for", async () => {
    const url = await originOf(shop);
    const { ca } = authority;
    expect(await answer(url, { ca, serverName: "shop.internal" })).to.deep.equal([
      200,
      "shop.internal for nobody",
    ]);
    expect(await answer(url, { ca, serverName: "other.internal" })).to.deep.equal([
      502,
      badCertificate,
      "origin-certificate-other-name",
    ]);
  });

  it("tell an expired certificate and one that is not valid yet", async () => {
    const [expired, early] = [
      await authority.server("expired.internal", { from: -3, days: -1 }),
      await authority.server("early.internal", { from: 1, days: 3 }),
    ];
    const { ca } = authority;
    expect(await answer(await originOf(expired), { ca })).to.deep.equal([
      502,
      badCertificate,
      "origin-certificate-expired",
    ]);
    expect(await answer(await originOf(early), { ca })).to.deep.equal([
      502,
      badCertificate,
      "origin-certificate-not-yet-valid",
    ]);
  });

  it("know the edge by its own certificate", async () => {
    const url = await originOf(shop, {
      requestCert: true,
      ca: readFileSync(authority.ca),
      rejectUnauthorized: false,
    });
    const tls = { ca: authority.ca, ...authority.files("edge-1") };
    expect(await answer(url, tls)).to.deep.equal([200, "false for CN=edge-1"]);
    expect(await answer(url, { ca: authority.ca })).to.deep.equal([200, "false for nobody"]);
  });

  it("speak no version of TLS below the least", async () => {
    const { ca } = authority;
    const old = await originOf(shop, { maxVersion: "TLSv1.2" });
    expect(await answer(old, { ca })).to.deep.equal([200, "false for nobody"]);
    expect(await answer(old, { ca, minVersion: "TLSv1.3" })).to.deep.equal([
      502,
      "edge-1; error=tls_alert_received",
      "origin-tls-version",
    ]);
  });

  it("do not begin with files that cannot be used: the edge says which in one line", async () => {
    const url = await originOf(shop);
    const why = async (tls: Partial<OriginTls>) => {
      const thrown = await edgeOf(url, tls).catch((failure: unknown) => failure);
      if (!(thrown instanceof Failure)) throw new Error("it began");
      return thrown.message.replaceAll(authority.path, "");
    };
    expect(await why({ ca: authority.file("empty.pem", "") })).to.equal(
      'origin-ca of site "shop": must be certificates in PEM form, "/empty.pem" has none',
    );
    expect(await why({ ca: "/none.pem" })).to.match(
      /^origin-ca of site "shop": must be a file of certificates that can be read, got "\/none.pem" \(ENOENT/,
    );
    expect(await why({ cert: shop.cert, key: authority.files("edge-1").key })).to.match(
      /^origin-cert, origin-key of site "shop": must be a pair that can be used: the certificate in .* does not match the key/,
    );
    const late = await authority.client("late", { from: -3, days: -1 });
    expect(await why(late)).to.match(
      /^origin-cert of site "shop": must be valid now, "\/late.cert.pem" is valid from /,
    );
  });
});
