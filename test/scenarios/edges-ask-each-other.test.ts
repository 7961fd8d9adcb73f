import { expect } from "chai";
import { ownerOf } from "../../edge/cache/peers/peer-choice.ts";
import { explainAnswer } from "../../edge/control-plane/http/answers.ts";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { systemClock } from "../../process/clock.ts";
import { Token } from "../../process/control/tokens.ts";
import { createLog } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import { type Asking, get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startRedisServer } from "../rig/redis-server.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const IDS = ["edge-1", "edge-2", "edge-3", "edge-4"];
const FRESH = [
  ["Cache-Control", "max-age=600"],
  ["Surrogate-Key", "news"],
] as const;

describe("four edges that ask each other", function () {
  this.timeout(40_000);
  let origin: HttpOrigin;
  let edges: TestEdge[];

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    const purgeLog = new MemoryPurgeLog(systemClock);
    edges = await Promise.all(IDS.map((id) => startTestEdge(origin.url, { id, purgeLog, peers: true })));
    for (const edge of edges)
      await until(`${edge.id} knows the others`, async () => (await metric(edge, "peers_live")) === 3);
  });

  afterEach(async () => {
    await Promise.all(edges.map((edge) => edge.stop()));
    await origin.stop();
  });

  const metric = async ({ operator }: TestEdge, name: string): Promise<number> => {
    const { text } = await get(operator, "/metrics");
    const lines = text.split("\n").filter((line) => line.startsWith(`edgecache_edge_${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  };
  const ownerId = (target: string): string => {
    const [self = "", ...others] = IDS;
    const peers = others.map((id) => ({ id, address: "" }));
    return ownerOf({ site: "default", target }, self, peers)?.id ?? self;
  };
  const byId = (id: string): TestEdge => edges.find((edge) => edge.id === id) ?? expect.fail(id);
  const owner = (target: string): TestEdge => byId(ownerId(target));
  const others = (target: string): TestEdge[] => edges.filter(({ id }) => id !== ownerId(target));
  const another = (target: string): TestEdge => others(target)[0] ?? expect.fail("no other edge");
  /** All edges are reached by one name. */
  const read = ({ url }: TestEdge, target: string, { headers, ...asking }: Asking = {}): Promise<Reply> =>
    get(url, target, { ...asking, headers: { Host: "shop.example", ...headers } });
  const everywhere = (target: string): Promise<Reply[]> =>
    Promise.all(edges.map((edge) => read(edge, target)));

  it("fetch a cold page once, however slow its origin is, and each keeps it", async () => {
    origin.answer("/page", { fields: FRESH, body: "page" });
    const gate = origin.hold("/page", "fields");
    const asked = everywhere("/page");
    await origin.received("/page");
    await until(
      "all others wait for the owner",
      async () => (await metric(owner("/page"), "peers_answered_total")) === 3,
    );
    gate.open();
    expect((await asked).map(({ text }) => text)).to.deep.equal(["page", "page", "page", "page"]);
    const again = await everywhere("/page");
    expect(again.map(({ header }) => header("X-Cache"))).to.deep.equal(["HIT", "HIT", "HIT", "HIT"]);
    expect(origin.count("/page")).to.equal(1);
  });

  it("say in Cache-Status which caches the answer came by, and nothing of their own fields", async () => {
    origin.answer("/page", { fields: FRESH, body: "page" });
    const asker = another("/page");
    await read(owner("/page"), "/page");
    const { header } = await read(asker, "/page");
    expect(header("Cache-Status")).to.match(
      new RegExp(
        `^${ownerId("/page")}; hit; ttl=\\d+, ${asker.id}; fwd=uri-miss; fwd-status=200; ttl=\\d+; stored$`,
      ),
    );
    expect(header("EdgeCache-Mark")).to.equal(undefined);
    const [seen] = origin.requests("/page");
    expect(seen?.rawHeaders.join(" ").toLowerCase()).not.to.include("edgecache");
  });

  it("are explained: each names the owner", async () => {
    for (const { operator } of edges) {
      const { text } = await get(operator, "/explain?url=http://shop.example/page");
      expect(explainAnswer.parse(JSON.parse(text)).owner).to.equal(ownerId("/page"));
    }
  });

  it("add up the age, so that nothing is fresh for longer", async () => {
    origin.answer("/page", { fields: [...FRESH, ["Age", "500"]], body: "page" });
    await read(owner("/page"), "/page");
    const { header } = await read(another("/page"), "/page");
    expect(Number(header("Age"))).to.be.at.least(500);
    expect(header("Cache-Status")).to.match(/ttl=(?:9\d|100); stored$/);
  });

  for (const target of [
    { $case: "url", url: "/page" },
    { $case: "prefix", prefix: "/pa" },
    { $case: "tag", tag: "news" },
  ] as const) {
    it(`keep nothing that a purge by ${target.$case} has overtaken on its way from edge to edge`, async () => {
      let version = 1;
      origin.answer("/page", () => ({ fields: FRESH, body: `version ${version}` }));
      const gate = origin.hold("/page", "body");
      const first = read(another("/page"), "/page");
      await origin.received("/page");
      version = 2;
      await purge(edges[0]?.control ?? "", target);
      gate.open();
      expect((await first).text).to.equal("version 1");
      const replies = await everywhere("/page");
      expect(replies.map(({ text }) => text)).to.deep.equal(IDS.map(() => "version 2"));
    });
  }

  it("do not hand out what a soft purge has made stale", async () => {
    let version = 1;
    origin.answer("/page", () => ({
      fields: [["Cache-Control", "max-age=600, stale-while-revalidate=600"]],
      body: `version ${version}`,
    }));
    await read(owner("/page"), "/page");
    version = 2;
    await purge(edges[0]?.control ?? "", { $case: "url", url: "/page" }, { soft: true });
    expect((await read(another("/page"), "/page")).text).to.equal("version 2");
  });

  it("go to the origin by themselves when the owner is gone", async () => {
    origin.answer("/page", { fields: FRESH, body: "page" });
    const asker = another("/page");
    const gone = owner("/page");
    edges = edges.filter((edge) => edge !== gone);
    await gone.stop();
    expect((await read(asker, "/page")).text).to.equal("page");
  });

  it("hand on no answer that is one client's own", async () => {
    origin.answer("/page", ({ header }) => ({
      fields: [["Cache-Control", "private"]],
      body: `for ${header("Cookie") ?? "nobody"}`,
    }));
    const asker = another("/page");
    const replies = await Promise.all(
      ["a=1", "a=2"].map((cookie) => read(asker, "/page", { headers: { Cookie: cookie } })),
    );
    expect(replies.map(({ text }) => text)).to.deep.equal(["for a=1", "for a=2"]);
    expect(replies.map(({ header }) => header("Cache-Status"))).to.satisfy((all: string[]) =>
      all.every((status) => status.startsWith(`${asker.id};`)),
    );
  });

  it("ask nobody for what a request at this edge has changed a moment ago", async () => {
    let version = 1;
    origin.answer("/page", ({ method }) => {
      if (method === "POST") version += 1;
      return { fields: FRESH, body: `version ${version}` };
    });
    await read(owner("/page"), "/page");
    const asker = another("/page");
    await read(asker, "/page", { method: "POST", headers: { "Content-Length": "0" } });
    expect((await read(asker, "/page")).text).to.equal("version 2");
  });

  it("answer each selected form of a page that varies", async () => {
    origin.answer("/page", ({ header }) => ({
      fields: [...FRESH, ["Vary", "Accept-Language"]],
      body: header("Accept-Language") ?? "none",
    }));
    for (const language of ["de", "en", "de"])
      for (const edge of edges)
        expect((await read(edge, "/page", { headers: { "Accept-Language": language } })).text).to.equal(
          language,
        );
    expect(origin.count("/page")).to.equal(2);
  });
});

describe("edges with a token, several threads and a Redis", function () {
  this.timeout(40_000);

  it("ask each other, too", async () => {
    const redis = await startRedisServer();
    const origin = await HttpOrigin.start({ "/page": { fields: FRESH, body: "page" } });
    const tokens = { token: new Token("a-token-of-thirty-two-characters"), readToken: undefined };
    const logs = IDS.slice(0, 2).map(() => openPurgeLog(redis.url, systemClock, createLog("test", "silent")));
    const edges = await Promise.all(
      logs.map((purgeLog, i) =>
        startTestEdge(origin.url, { id: IDS[i] ?? "", purgeLog, tokens, workers: 2, peers: true }),
      ),
    );
    let query = 0;
    await until("one has asked the other", async () => {
      query += 1;
      const asking = { headers: { Host: "shop.example" } };
      const replies = await Promise.all(edges.map(({ url }) => get(url, `/page?${query}`, asking)));
      return replies.some(({ header }) => header("Cache-Status")?.includes(", ") === true);
    });
    for (const edge of edges) await edge.stop();
    for (const log of logs) await log.close();
    await origin.stop();
    await redis.close();
  });
});

describe("edges of a site with a shield", function () {
  this.timeout(40_000);

  it("ask it alone, and fetch by themselves when it is gone", async () => {
    const origin = await HttpOrigin.start({ "/page": { fields: FRESH, body: "page" } });
    const purgeLog = new MemoryPurgeLog(systemClock);
    const rules = { ...SAFE_RULES, shield: ["edge-1"] };
    const [shield, ...others] = await Promise.all(
      IDS.slice(0, 3).map((id) => startTestEdge(origin.url, { id, purgeLog, rules, peers: true })),
    );
    if (shield === undefined) throw new Error("there are three edges");
    const asking = { headers: { Host: "shop.example" } };
    let query = 0;
    const answeredBy = async ({ url }: TestEdge): Promise<string> => {
      query += 1;
      return (await get(url, `/page?${query}`, asking)).header("Cache-Status")?.split(";", 1)[0] ?? "";
    };
    for (const edge of others)
      await until("it knows the shield", async () => (await answeredBy(edge)) === "edge-1");
    const before = query;
    for (let n = 0; n < 10; n += 1)
      for (const edge of others) expect(await answeredBy(edge)).to.equal("edge-1");
    expect(query).to.equal(before + 20);
    const seen = origin.requests().slice(-20);
    expect(seen.map(({ header }) => header("CDN-Loop")?.endsWith("edge-1"))).not.to.include(false);
    await shield.stop();
    for (const edge of others) expect(await answeredBy(edge)).to.equal(edge.id);
    for (const edge of others) await edge.stop();
    await origin.stop();
  });
});
