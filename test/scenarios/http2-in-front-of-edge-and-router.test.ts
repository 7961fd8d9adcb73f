import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { CertificateFolder } from "../rig/certificate-files.ts";
import { ask } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";

interface Answer {
  readonly status: number | undefined;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

type Asked = readonly [
  path: string,
  method?: string,
  headers?: Readonly<Record<string, string>>,
  body?: string,
];

// These differ from one request to the next, or belong to a connection of HTTP/1.1.
const VARYING = ["age", "connection", "date", "keep-alive", "server-timing", "transfer-encoding", "via"];

describe("HTTP/2 in front of an edge and a router", function () {
  this.timeout(60_000);

  let folder: CertificateFolder;
  let origin: HttpOrigin;
  let edge: TestEdge;
  let router: TestRouter;
  let fronts: readonly { session: ClientHttp2Session; plain: string; tlsPort: number }[];

  before(async () => {
    folder = new CertificateFolder();
    const { cert, key } = await folder.make("a", ["a.example"]);
    const tls = { ...NO_TLS, tlsPort: 0, tlsCert: [cert], tlsKey: [key], h2c: true };
    const body = "0123456789".repeat(10_000);
    const fields = [
      ["Cache-Control", "max-age=60"],
      ["ETag", '"1"'],
    ] as const;
    origin = await HttpOrigin.start({
      "/a": { fields, body },
      "/echo": async (request) => ({ body: `${request.method} ${await request.body()}` }),
      "/cookie": ({ header }) => ({ body: header("Cookie") ?? "none" }),
      "/bad": { status: 503, body: "bad" },
    });
    edge = await startTestEdge(origin.url, tls);
    router = await startTestRouter([], { ...tls, edges: { kind: "listed", grpcAddresses: [edge.control] } });
    const { http, https } = router.running.addresses;
    fronts = [
      [edge.url, edge.https?.port ?? 0],
      [`http://127.0.0.1:${http.port}`, https?.port ?? 0],
    ].map(([plain, tlsPort]) => ({
      plain: String(plain),
      tlsPort: Number(tlsPort),
      session: connect(`https://127.0.0.1:${tlsPort}`, { rejectUnauthorized: false }),
    }));
  });

  after(async () => {
    for (const { session } of fronts) session.destroy();
    await router.running.stop();
    await edge.stop();
    await origin.stop();
    folder.remove();
  });

  async function byHttp2(session: ClientHttp2Session, asked: Asked): Promise<Answer> {
    const [path, method = "GET", headers = {}, content] = asked;
    const stream = session.request({
      ":path": path,
      ":method": method,
      ":authority": "a.example",
      ...headers,
    });
    stream.end(content);
    const [got]: [IncomingHttpHeaders & { ":status"?: number }] = (await once(stream, "response")) as never;
    let body = "";
    for await (const part of stream.setEncoding("latin1")) body += part;
    const { ":status": status, ...rest } = got;
    return { status, fields: kept(Object.entries(rest)), body };
  }

  async function byHttp1(base: string, asked: Asked): Promise<Answer> {
    const [path, method = "GET", headers = {}, body] = asked;
    const sent = { method, headers: { Host: "a.example", ...headers } };
    const arriving = await ask(base, path, body === undefined ? sent : { ...sent, body });
    const { status, text } = await arriving.finish();
    return { status, fields: kept(Object.entries(arriving.message.headers)), body: text };
  }

  function kept(fields: readonly (readonly [string, unknown])[]): Map<string, string> {
    return new Map(
      fields
        .filter(([name]) => !VARYING.includes(name))
        .map(([name, value]) => [name, String(value).replace(/ttl=\d+/, "ttl")] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  const requests: Readonly<Record<string, Asked>> = {
    "a hit": ["/a"],
    "the head of a hit": ["/a", "HEAD"],
    "a part of a hit": ["/a", "GET", { range: "bytes=5-9" }],
    "a hit that the client has": ["/a", "GET", { "if-none-match": '"1"' }],
    "a hit that the client will not take": ["/a", "GET", { "cache-control": "no-cache" }],
    "what the origin does not have": ["/none"],
    "what the origin refuses": ["/bad"],
    "a POST with content": ["/echo", "POST", { "content-length": "4" }, "body"],
    "a DELETE without content": ["/echo", "DELETE"],
    "a method that is not allowed": ["/a", "PURGE"],
    "a target that is not one": ["/%00"],
    "a cookie": ["/cookie", "GET", { cookie: "a=1; b=2" }],
  };
  for (const [what, asked] of Object.entries(requests)) {
    it(`answers ${what} as by HTTP/1.1`, async () => {
      for (const { session, plain } of fronts) {
        // The scheme is part of the cache key.
        await Promise.all([byHttp1(plain, ["/a"]), byHttp2(session, ["/a"])]);
        const old = await byHttp1(plain, asked);
        const now = await byHttp2(session, asked);
        const without = (answer: Answer) => ({ ...answer, body: answer.body.replace(/error id: .*/, "") });
        expect(without(now)).to.deep.equal(without(old));
      }
    });
  }

  it("gives content of unknown length as it comes", async () => {
    for (const { session } of fronts) {
      const answer = await byHttp2(session, ["/echo", "POST", {}, "x".repeat(200_000)]);
      expect(answer.body).to.equal(`POST ${"x".repeat(200_000)}`);
    }
  });

  it("obeys every rule that h2spec knows, where h2spec is on PATH", async function () {
    const found = spawnSync("h2spec", ["--version"]);
    if (found.error !== undefined) {
      // It is built by `go install github.com/summerwind/h2spec/cmd/h2spec@latest`. Our own tests have the same rules.
      this.skip();
    }
    for (const { tlsPort } of fronts) {
      const run = spawn("h2spec", ["-t", "-k", "-h", "127.0.0.1", "-p", `${tlsPort}`, "-P", "/a"]);
      expect(await text(run.stdout)).to.contain("145 tests, 145 passed, 0 skipped, 0 failed");
    }
  });
});
