import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { CertificateFolder, makeCertificate } from "../../test/rig/certificate-files.ts";
import { failureOf, get, never, stopAfterEach, textOf } from "../../test/rig/fetching.ts";
import { freePort } from "../../test/rig/free-port.ts";
import { Gate } from "../../test/rig/gate.ts";
import { type Http2Answer, Http2Origin } from "../../test/rig/http2-origin.ts";
import { until } from "../../test/rig/until.ts";
import { upstreams } from "../../test/rig/upstreams.ts";
import { WebSocketOrigin } from "../../test/rig/web-socket-origin.ts";
import { edgeConfig } from "../config.ts";
import { plainBody } from "./origin.ts";
import { OriginCertificates } from "./origin-certificates.ts";
import { USUAL_ORIGIN_TLS } from "./origin-tls.ts";

const CANCEL = 8;

describe("the protocol of an origin", () => {
  const read = (argv: readonly string[], yaml?: string) =>
    edgeConfig({
      argv: yaml === undefined ? argv : [...argv, "--config", "edge.yaml"],
      env: {},
      readFile: () => yaml ?? "",
    }).sites.map(({ protocol }) => protocol);

  it("comes from a flag, or from a key of the same name, and else is HTTP/1.1", () => {
    expect(read(["--origin", "https://o"])).to.deep.equal(["http/1.1"]);
    expect(read(["--origin", "https://o", "--origin-protocol", "h2"])).to.deep.equal(["h2"]);
    const yaml = "sites: [{name: a, origin: 'http://o', origin-protocol: h2c}]";
    expect(read([], yaml)).to.deep.equal(["h2c"]);
    expect(read(["--origin", "https://o,http://p", "--origin-protocol", "h2"])).to.deep.equal(["h2"]);
  });

  for (const [origin, protocol, problem] of [
    [
      "http://o",
      "h2",
      'origin-protocol h2 of site "default": must be for an https:// origin, got "http://o/"',
    ],
    [
      "https://o",
      "h2c",
      'origin-protocol h2c of site "default": must be for an http:// origin, got "https://o/"',
    ],
    ["dir", "h2", 'must be for an https:// origin, got "a directory"'],
    ["https://o", "h3", '--origin-protocol: must be one of http/1.1, h2, h2c, got "h3"'],
  ] as const)
    it(`is not ${protocol} for ${origin}`, () =>
      expect(() => read(["--origin", origin, "--origin-protocol", protocol])).to.throw(problem));
});

describe("an origin that speaks HTTP/2", () => {
  const { upstream } = upstreams();
  const stopLater = stopAfterEach();

  async function http2(answer: Http2Answer, settings = {}): Promise<Http2Origin> {
    const origin = await Http2Origin.start(answer, undefined, settings);
    stopLater(() => origin.stop());
    return origin;
  }

  const hello: Http2Answer = (stream) => {
    stream.respond({ ":status": 200, "x-a": "1" });
    stream.end("hello");
  };

  it("gets the request with its own Host, and answers with fields and content", async () => {
    const origin = await http2(hello);
    const fields: [string, string][] = [
      ["Connection", "x-hop"],
      ["X-Hop", "1"],
      ["Accept", "a"],
    ];
    const { status, ...rest } = await upstream(origin.url, { protocol: "h2c" }).fetch(
      get("/a?b", fields),
      never,
    );
    expect(status).to.equal(200);
    expect(rest.fields.get("X-A")).to.equal("1");
    expect(await textOf({ status, ...rest })).to.equal("hello");
    expect({ ...origin.seen[0] }).to.include({
      ":method": "GET",
      ":scheme": "http",
      ":authority": origin.url.host,
      ":path": "/a?b",
      via: "1.1 edge-1",
      "cdn-loop": "edge-1",
      accept: "a",
    });
    expect(origin.seen[0]).to.not.have.any.keys("host", "connection", "x-hop");
  });

  it("carries 300 requests at a time by three connections, and one after the other by one", async () => {
    const gate = new Gate();
    const origin = await http2((stream, headers) => void gate.passed.then(() => hello(stream, headers)));
    const edge = upstream(origin.url, { protocol: "h2c" });
    const all = Array.from({ length: 300 }, (_, i) => edge.fetch(get(`/${i}`), never).then(textOf));
    await until("all have come", () => origin.seen.length === 300);
    gate.open();
    expect(new Set(await Promise.all(all))).to.deep.equal(new Set(["hello"]));
    expect(origin.sessions.length).to.equal(3);
    await edge.fetch(get("/"), never).then(textOf);
    expect(origin.sessions.length).to.equal(3);
  });

  it("is asked no more at a time than it allows, and than the site does", async () => {
    let [now, most] = [0, 0];
    const counting: Http2Answer = (stream, headers) => {
      now += 1;
      most = Math.max(most, now);
      stream.on("close", () => {
        now -= 1;
      });
      hello(stream, headers);
    };
    const origin = await http2(counting, { maxConcurrentStreams: 2 });
    const edge = upstream(origin.url, { protocol: "h2c", connections: 2 });
    await Promise.all(Array.from({ length: 20 }, (_, i) => edge.fetch(get(`/${i}`), never).then(textOf)));
    expect(most).to.be.within(1, 2);
    expect(origin.sessions.length).to.equal(1);
  });

  it("gives interim responses, trailers, and answers without content", async () => {
    const origin = await http2((stream, headers) => {
      if (headers[":path"] === "/304") stream.respond({ ":status": 304, etag: '"a"' }, { endStream: true });
      else if (headers[":method"] === "HEAD") stream.respond({ ":status": 200, "content-length": "7" });
      else {
        stream.additionalHeaders({ ":status": 103, link: "</a>" });
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "z" }));
        stream.end("content");
      }
    });
    const edge = upstream(origin.url, { protocol: "h2c" });
    const hints: string[] = [];
    const onInterim = (status: number, fields: Fields) => hints.push(`${status} ${fields.get("Link")}`);
    const response = await edge.fetch({ ...get("/"), onInterim }, never);
    expect(await textOf(response)).to.equal("content");
    expect(response.trailers?.raw).to.deep.equal(["x-end", "z"]);
    expect(hints).to.deep.equal(["103 </a>"]);
    const head = await edge.fetch({ ...get("/"), method: "HEAD" }, never);
    expect([head.status, head.fields.get("Content-Length"), await textOf(head)]).to.deep.equal([
      200,
      "7",
      "",
    ]);
    expect((await edge.fetch(get("/304"), never)).status).to.equal(304);
  });

  it("takes the content of requests as its windows allow", async () => {
    const origin = await http2((stream) => {
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const edge = upstream(origin.url, { protocol: "h2c" });
    const part = Buffer.alloc(100_000, "x");
    async function* body() {
      for (let i = 0; i < 20; i += 1) yield part;
    }
    for (const fields of [[], [["Content-Length", "2000000"]]] as const) {
      const request = { method: "POST", target: "/", fields: Fields.of(fields), body: body() };
      expect((await textOf(await edge.fetch(request, never))).length).to.equal(2_000_000);
    }
    expect(origin.seen.map((each) => each["content-length"])).to.deep.equal([undefined, "2000000"]);
    expect(origin.sessions.length).to.equal(1);
  });

  it("is held back by a slow reader of one response, and goes on with the others", async () => {
    let written = 0;
    const origin = await http2((stream, headers) => {
      if (headers[":path"] === "/slow") {
        stream.respond({ ":status": 200 });
        const more = () => {
          while (!stream.destroyed && written < 50_000_000) {
            written += 16_384;
            if (!stream.write(Buffer.alloc(16_384))) return;
          }
        };
        stream.on("drain", more);
        more();
      } else hello(stream, headers);
    });
    const edge = upstream(origin.url, { protocol: "h2c" });
    const slow = await edge.fetch(get("/slow"), never);
    for (let i = 0; i < 50; i += 1) await edge.fetch(get("/"), never).then(textOf);
    expect(written).to.be.below(2_000_000);
    const reader = slow.body[Symbol.asyncIterator]();
    let got = 0;
    while (got < 5_000_000) got += (await reader.next()).value?.byteLength ?? 0;
    await reader.return?.();
    expect(origin.sessions.length).to.equal(1);
  });

  it("learns that a request is given up, and keeps its connection", async () => {
    const codes: number[] = [];
    const origin = await http2((stream, headers) => {
      if (headers[":path"] === "/never") stream.on("close", () => codes.push(stream.rstCode));
      else hello(stream, headers);
    });
    const edge = upstream(origin.url, { protocol: "h2c" });
    const giveUp = new AbortController();
    const fetching = edge.fetch(get("/never"), giveUp.signal).catch(String);
    await until("it has come", () => origin.seen.length === 1);
    giveUp.abort(new Error("left"));
    expect(await fetching).to.contain("left");
    expect(await edge.fetch(get("/"), never).then(textOf)).to.equal("hello");
    await until("it is reset", () => codes.length === 1);
    expect([codes, origin.sessions.length]).to.deep.equal([[CANCEL], 1]);
  });

  it("is asked by a new connection when it goes away", async () => {
    let asked = 0;
    const origin = await http2((stream, headers) => {
      asked += 1;
      if (asked === 2) stream.session?.close();
      hello(stream, headers);
    });
    const edge = upstream(origin.url, { protocol: "h2c" });
    for (let i = 0; i < 4; i += 1)
      expect(await edge.fetch(get(`/${i}`), never).then(textOf)).to.equal("hello");
    expect(origin.sessions.length).to.equal(2);
  });

  it("is asked by HTTP/1.1 for a tunnel", async () => {
    const origin = await WebSocketOrigin.start();
    stopLater(() => origin.stop());
    const fields = Fields.of([
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["Sec-WebSocket-Version", "13"],
    ]);
    const request = { method: "GET", target: "/", fields, upgrade: "websocket", body: plainBody() };
    const { status } = await upstream(origin.url, { protocol: "h2c" }).fetch(request, never);
    expect(status).to.equal(101);
  });

  it("fails with words that say so when it speaks HTTP/1.1 alone", async () => {
    const origin = await WebSocketOrigin.start();
    stopLater(() => origin.stop());
    const failure = await failureOf(upstream(origin.url, { protocol: "h2c" }).fetch(get("/"), never));
    expect([failure.code, failure.message]).to.satisfy(
      ([code, why]: string[]) => code === "http_protocol_error" && why?.includes("does not speak HTTP/2"),
    );
  });
});

describe("nginx as an origin", () => {
  const { upstream } = upstreams();
  const stopLater = stopAfterEach();
  const folder = mkdtempSync(join(tmpdir(), "edgecache-nginx-"));
  after(() => rmSync(folder, { recursive: true }));

  it("(where it is installed) answers every request, with content too, though it goes away after 20 each time", async function () {
    if (spawnSync("nginx", ["-v"]).error !== undefined) this.skip();
    const port = await freePort();
    const conf = `daemon off; pid ${folder}/pid; error_log ${folder}/error; master_process off;
      events {} http { access_log off; keepalive_requests 20; client_body_temp_path ${folder}/body;
      server { listen 127.0.0.1:${port} http2; location / { return 200 $server_protocol$request_uri; } } }`;
    writeFileSync(join(folder, "conf"), conf);
    const nginx = spawn("nginx", ["-p", folder, "-c", join(folder, "conf")], { stdio: "ignore" });
    stopLater(async () => {
      const gone = once(nginx, "exit");
      nginx.kill();
      await gone;
    });
    const edge = upstream(new URL(`http://127.0.0.1:${port}`), { protocol: "h2c" });
    await until("nginx listens", () =>
      edge.probe().then(
        () => true,
        () => false,
      ),
    );
    async function* content() {
      yield Buffer.from("abc");
    }
    for (let round = 0; round < 10; round += 1) {
      const all = Array.from({ length: 15 }, (_, i) => {
        const body = i % 2 === 0 ? {} : { method: "POST", body: content() };
        return edge.fetch({ ...get(`/${i}`), ...body }, never).then(textOf);
      });
      expect(await Promise.all(all)).to.deep.equal(Array.from(all, (_, i) => `HTTP/2.0/${i}`));
    }
  });
});

describe("an origin with TLS", () => {
  const { upstream } = upstreams();
  const stopLater = stopAfterEach();
  const folder = new CertificateFolder();
  after(() => folder.remove());

  async function secure() {
    const made = await makeCertificate(["localhost"]);
    const ca = folder.write("origin", made).cert;
    const log = createLog("test", "silent");
    const certificates = new OriginCertificates({ ...USUAL_ORIGIN_TLS, ca }, "a", {
      clock: systemClock,
      log,
    });
    return { made, options: { certificates, protocol: "h2" } as const };
  }

  it("is asked by HTTP/2 when it agrees", async () => {
    const { made, options } = await secure();
    const origin = await Http2Origin.start(
      (stream) => stream.respond({ ":status": 200 }, { endStream: true }),
      made,
    );
    stopLater(() => origin.stop());
    const edge = upstream(origin.url, options);
    await edge.probe();
    await Promise.all(Array.from({ length: 5 }, () => edge.fetch(get("/"), never)));
    expect(origin.seen.map((each) => each[":scheme"])).to.deep.equal(Array(5).fill("https"));
  });

  it("is asked by HTTP/1.1 when it does not, and not offered HTTP/2 each time", async () => {
    const { made, options } = await secure();
    let connections = 0;
    const versions: string[] = [];
    const server = createServer(made, (request, response) => {
      versions.push(request.httpVersion);
      response.end("plain");
    });
    server.on("connection", () => {
      connections += 1;
    });
    server.listen(0, "localhost");
    await once(server, "listening");
    stopLater(async () => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const edge = upstream(new URL(`https://localhost:${port}`), options);
    for (let i = 0; i < 5; i += 1) expect(await edge.fetch(get("/"), never).then(textOf)).to.equal("plain");
    expect(versions).to.deep.equal(Array(5).fill("1.1"));
    expect(connections).to.equal(2);
  });

  it("that cannot be trusted fails as it does by HTTP/1.1", async () => {
    const { made } = await secure();
    const origin = await Http2Origin.start(
      (stream) => stream.respond({ ":status": 200 }, { endStream: true }),
      made,
    );
    stopLater(() => origin.stop());
    const failure = await failureOf(upstream(origin.url, { protocol: "h2" }).fetch(get("/"), never));
    expect(failure.code).to.equal("tls_certificate_error");
  });
});
