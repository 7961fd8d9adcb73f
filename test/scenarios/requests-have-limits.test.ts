import { once } from "node:events";
import { request } from "node:http";
import { expect } from "chai";
import { edgeConfig } from "../../edge/config.ts";
import { SAFE_RULES, type SiteRules } from "../../edge/rules/site-rules.ts";
import { type Asking, get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { sendBytes } from "../rig/raw-client.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

describe("the limits of a site for requests", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    origin.answer("/up", async (asked) => ({ body: `got ${(await asked.body()).length}` }));
    origin.answer("/a", { fields: [["Cache-Control", "max-age=60"]], body: "a" });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  /** As flags say it. */
  const rulesOf = (...flags: readonly string[]): SiteRules => {
    const argv = ["--origin", ".", ...flags];
    const [site] = edgeConfig({ argv, env: {}, readFile: () => "" }).sites;
    return site?.rules ?? SAFE_RULES;
  };

  const start = async (flags: readonly string[], workers = 1) => {
    edge = await startTestEdge(origin.url, { rules: rulesOf(...flags), workers });
  };

  const post = async (body: string, headers: Asking["headers"] = {}) => {
    const { status, text, header } = await get(edge.url, "/up", { method: "POST", body, headers });
    return { status, text, detail: header("cache-status") };
  };

  for (const [kind, headers] of [
    ["known", {}],
    ["unknown", { "Transfer-Encoding": "chunked" }],
  ] as const) {
    it(`let content of ${kind} length pass up to body-limit, and refuse one byte more`, async () => {
      await start(["--body-limit", "1KiB"]);
      expect(await post("x".repeat(1024), headers)).to.include({ status: 200, text: "got 1024" });
      const refused = await post("x".repeat(1025), headers);
      expect(refused.status).to.equal(413);
      expect(refused.detail).to.include("detail=body-too-large");
    });
  }

  it("refuse content of known length before any of it has come, and before the origin is asked", async () => {
    await start(["--body-limit", "1KiB"]);
    const answer = await sendBytes(
      edge.url,
      "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\nExpect: 100-continue\r\n\r\n",
    );
    expect(answer).to.match(/^HTTP\/1\.1 413 /);
    expect(origin.count("/up")).to.equal(0);
  });

  it("break off at the origin what turns out too large, and end that connection", async () => {
    await start(["--body-limit", "1KiB"]);
    const { hostname, port } = new URL(edge.url);
    const asked = request({ hostname, port, path: "/up", method: "POST" });
    asked.on("error", () => undefined);
    asked.write("x".repeat(1024));
    await origin.received("/up");
    asked.write("x");
    const [response] = await once(asked, "response");
    expect(response.statusCode).to.equal(413);
    await until("the connection at the origin ends", async () => (await origin.connections()) === 0);
    asked.destroy();
  });

  it("hold for content in the key too", async () => {
    await start(["--body-limit", "1KiB"]);
    const ask = (length: number, headers: Asking["headers"]) =>
      get(edge.url, "/up", { method: "QUERY", body: "x".repeat(length), headers: headers ?? {} });
    for (const headers of [{}, { "Transfer-Encoding": "chunked" }]) {
      expect((await ask(1024, headers)).text).to.equal("got 1024");
      expect((await ask(1025, headers)).status).to.equal(413);
    }
  });

  it("forbid any content with body-limit 0, and set none by default", async () => {
    await start(["--body-limit", "0"]);
    expect((await post("")).status).to.equal(200);
    expect((await post("x")).status).to.equal(413);
    await edge.stop();
    await start([]);
    expect((await post("x".repeat(100_000))).text).to.equal("got 100000");
  });

  for (const workers of [1, 2]) {
    it(`hold for what is stored, with ${workers} threads, also on connections that stay open`, async () => {
      await start(["--url-limit", "64", "--fields-limit", "512"], workers);
      await get(edge.url, "/a");
      const head = (target: string, field: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\nX: ${field}\r\n`;
      // "Host: a" has 9 bytes with its line end, "X: " and a line end 5, and so on.
      const fits = 512 - 9 - 5;
      const last = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
      const asked = [
        `${head(`/a?${"q".repeat(61)}`, "")}\r\n`,
        `${head(`/a?${"q".repeat(62)}`, "")}\r\n`,
        `${head("/a", "x".repeat(fits))}\r\n`,
        `${head("/a", "x".repeat(fits))}\r\n`,
        `${head("/a", "x".repeat(fits + 1))}\r\n`,
      ];
      const answer = await sendBytes(edge.url, asked.join("") + last);
      const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
      expect(statuses).to.deep.equal(["200", "414", "200", "200", "431", "200"]);
    });
  }

  it("are bounded", () => {
    for (const flags of [
      ["--url-limit", "63"],
      ["--url-limit", "8193"],
      ["--fields-limit", "511"],
      ["--fields-limit", "8193"],
      ["--body-limit", "much"],
    ])
      expect(() => rulesOf(...flags)).to.throw(flags[0]);
    expect(rulesOf("--url-limit", "64", "--fields-limit", "8KiB").limits).to.include({
      url: 64,
      fields: 8192,
    });
  });
});
