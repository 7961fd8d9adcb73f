import { expect } from "chai";
import { systemClock } from "../../../../process/clock.ts";
import { Token } from "../../../../process/control/tokens.ts";
import { MemoryPurgeLog } from "../../../../purge-log/memory-purge-log.ts";
import { type Asking, get } from "../../../../test/rig/http-client.ts";
import { HttpOrigin } from "../../../../test/rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../../../../test/rig/test-edge.ts";
import { SAFE_RULES } from "../../../rules/site-rules.ts";

const SHOP = { Host: "shop.example" };
const BLOG = { Host: "blog.example" };
const TOKEN = { Authorization: "Bearer full" };

describe("purge calls in the shapes of other products", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: readonly [TestEdge, TestEdge];

  before(async () => {
    const page = (tag: string) => ({
      fields: [
        ["Cache-Control", "max-age=600, stale-while-revalidate=60"],
        ["Cache-Tag", tag],
      ] as const,
      body: "page",
    });
    origin = await HttpOrigin.start({
      "/a": page("node:1"),
      "/news/b": page("node:2"),
      "/c": page("node:3"),
    });
    purgeLog = new MemoryPurgeLog(systemClock);
    const site = (name: string) =>
      ({
        name,
        hosts: [`${name}.example`],
        origin: { kind: "http", url: origin.url },
        rules: SAFE_RULES,
      }) as const;
    const start = (id: string) =>
      startTestEdge(origin.url, {
        id,
        purgeLog,
        sites: [site("shop"), site("blog")],
        tokens: { token: new Token("full"), readToken: new Token("reading") },
        purgeCompat: ["varnish", "fastly", "cloudflare"],
      });
    edges = [await start("edge-1"), await start("edge-2")];
  });
  after(async () => {
    for (const edge of edges) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });
  beforeEach(async () => {
    for (const { url } of edges) {
      for (const target of ["/a", "/news/b", "/c"]) {
        for (const headers of [SHOP, BLOG]) await get(url, target, { headers });
      }
    }
  });

  /** The targets that the second edge has to fetch again. */
  async function gone(): Promise<readonly string[]> {
    const missed: string[] = [];
    for (const [site, headers] of Object.entries({ shop: SHOP, blog: BLOG })) {
      for (const target of ["/a", "/news/b", "/c"]) {
        const cache = (await get(edges[1].url, target, { headers })).header("x-cache");
        if (cache !== "HIT") missed.push(`${site} ${target}`);
      }
    }
    return missed;
  }

  async function call(path: string, { headers = {}, ...asking }: Asking) {
    const reply = await get(edges[0].operator, path, { ...asking, headers: { ...TOKEN, ...headers } });
    return { status: reply.status, document: JSON.parse(reply.text) };
  }

  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    call(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  describe("of Varnish", () => {
    const purge = (path: string, headers: Readonly<Record<string, string>> = {}) =>
      call(path, { method: "PURGE", headers: { ...SHOP, ...headers } });

    it("purges a path of the site of the Host, and answers with the receipts", async () => {
      const { status, document } = await purge("/a");
      expect([status, document.outcome, document.edges.length]).to.deep.equal([200, "applied", 2]);
      expect(await gone()).to.deep.equal(["shop /a"]);
    });

    it("purges a path that ends with .* when the method is regex, and no other pattern", async () => {
      expect((await purge("/news/.*", { "X-Purge-Method": "regex" })).status).to.equal(200);
      expect(await gone()).to.deep.equal(["shop /news/b"]);
      const refused = await purge("/n[a-z]+/.*", { "X-Purge-Method": "regex" });
      expect([refused.status, refused.document.detail]).to.deep.equal([
        400,
        'path: must be a path that ends with .* and has no other pattern: got "/n[a-z]+/.*"',
      ]);
    });

    it("purges the tags of Cache-Tags, of any separator", async () => {
      await purge("/", { "Cache-Tags": "node:1|node:2" });
      expect(await gone()).to.deep.equal(["shop /a", "shop /news/b"]);
      await purge("/", { "X-Cache-Tags": "node:3,node:9" });
      expect(await gone()).to.deep.equal(["shop /c"]);
    });

    it("refuses hosts of no site, callers without the token, and browsers", async () => {
      const stranger = await purge("/a", { Host: "else.example" });
      expect([stranger.status, stranger.document.detail]).to.deep.equal([
        400,
        'targets[0].url: must have a host of a configured site: got "http://else.example/a"',
      ]);
      expect((await purge("/a", { Authorization: "Bearer reading" })).status).to.equal(401);
      const reply = await get(edges[0].operator, "/a", {
        method: "PURGE",
        headers: { ...SHOP, ...TOKEN, Origin: "http://shop.example" },
      });
      expect(reply.status).to.equal(421);
      expect(await gone()).to.deep.equal([]);
    });
  });

  describe("of Fastly", () => {
    const KEY = { "Fastly-Key": "full", Authorization: "" };

    it("purges a key, several keys, and all of a service, which is a site", async () => {
      const one = await post("/service/shop/purge/node:1", {}, KEY);
      expect([one.status, one.document.status]).to.deep.equal([200, "ok"]);
      expect(await gone()).to.deep.equal(["shop /a"]);
      const several = await post("/service/shop/purge", {}, { ...KEY, "Surrogate-Key": "node:1 node:2" });
      expect(Object.keys(several.document)).to.deep.equal(["node:1", "node:2"]);
      expect(await gone()).to.deep.equal(["shop /a", "shop /news/b"]);
      await post("/service/shop/purge", { surrogate_keys: ["node:3"] }, KEY);
      expect(await gone()).to.deep.equal(["shop /c"]);
      await post("/service/blog/purge_all", {}, KEY);
      expect(await gone()).to.deep.equal(["blog /a", "blog /news/b", "blog /c"]);
    });

    it("purges a URL, softly when asked", async () => {
      await post("/purge/shop.example/a", {}, { ...KEY, "Fastly-Soft-Purge": "1" });
      const soft = await get(edges[1].url, "/a", { headers: SHOP });
      expect(soft.header("cache-status")).to.contain("stale");
    });

    it("refuses a service that is no site, and another token", async () => {
      const { status, document } = await post("/service/x/purge/k", {}, KEY);
      expect([status, document]).to.deep.equal([
        400,
        { msg: "invalid-argument", detail: 'targets[0].site: must be one of shop, blog: got "x"' },
      ]);
      expect((await post("/service/shop/purge/k", {}, { "Fastly-Key": "no" })).status).to.equal(401);
    });
  });

  describe("of Cloudflare", () => {
    const ZONE = "/client/v4/zones/shop/purge_cache";

    it("purges files, tags, prefixes, hosts and everything of a zone, which is a site", async () => {
      const files = await post(ZONE, {
        files: ["https://shop.example/a", { url: "https://shop.example/c" }],
      });
      expect([files.status, files.document.success, files.document.errors]).to.deep.equal([200, true, []]);
      expect(files.document.result.id).to.be.a("string");
      expect(await gone()).to.deep.equal(["shop /a", "shop /c"]);
      await post(ZONE, { tags: ["node:1"] });
      expect(await gone()).to.deep.equal(["shop /a"]);
      await post(ZONE, { prefixes: ["shop.example/news/"] });
      expect(await gone()).to.deep.equal(["shop /news/b"]);
      for (const body of [{ hosts: ["shop.example"] }, { purge_everything: true }]) {
        await post(ZONE, body);
        expect(await gone()).to.deep.equal(["shop /a", "shop /news/b", "shop /c"]);
      }
    });

    it("refuses hosts of another zone and other bodies, in its shape", async () => {
      const other = await post(ZONE, { hosts: ["blog.example"] });
      expect([other.status, other.document]).to.deep.equal([
        400,
        {
          success: false,
          errors: [
            {
              code: 1000,
              message: 'hosts[0]: must have a host of the site shop, which is the zone: got "blog.example"',
            },
          ],
          messages: [],
          result: null,
        },
      ]);
      for (const body of [{}, [], { purge_everything: false }, { urls: ["/a"] }])
        expect((await post(ZONE, body)).status, JSON.stringify(body)).to.equal(400);
      expect(await gone()).to.deep.equal([]);
    });
  });
});

describe("an edge without --purge-compat", () => {
  it("takes no call of another shape", async () => {
    const origin = await HttpOrigin.start({});
    const edge = await startTestEdge(origin.url, {});
    const status = async (path: string, asking: Asking) => (await get(edge.operator, path, asking)).status;
    expect(await status("/a", { method: "PURGE" })).to.equal(404);
    expect(await status("/a", { method: "PURGE", headers: SHOP })).to.equal(421);
    expect(await status("/service/default/purge_all", { method: "POST" })).to.equal(404);
    expect(await status("/client/v4/zones/default/purge_cache", { method: "POST" })).to.equal(404);
    await edge.stop();
    await origin.stop();
  });
});
