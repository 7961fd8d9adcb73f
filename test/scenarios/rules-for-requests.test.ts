import { expect } from "chai";
import { edgeConfig } from "../../edge/config.ts";
import type { SiteRules } from "../../edge/rules/site-rules.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { type Asking, get } from "../rig/http-client.ts";
import { HttpOrigin, type SeenRequest } from "../rig/http-origin.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { writtenRules } from "../rig/written-rules.ts";

describe("rules for requests", () => {
  let origin: HttpOrigin;
  let edges: TestEdge[];
  let asked: SeenRequest[];
  let clock: ManualClock;

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    edges = [];
    asked = [];
  });

  afterEach(async () => {
    await Promise.all(edges.map((edge) => edge.stop()));
    await origin.stop();
  });

  /** The page shows what its origin was asked for. */
  const page = (path: string, fields: Readonly<Record<string, string>> = {}, shows: readonly string[] = []) =>
    origin.answer(path, (request) => {
      asked.push(request);
      const seen = shows.map((name) => `${name}=${request.header(name)}`);
      const lines = Object.entries({ "Cache-Control": "max-age=600", ...fields });
      return { fields: lines, body: [request.target, ...seen].join(" ") };
    });

  const start = async (yaml: string, rules: Partial<SiteRules> = {}, count = 1, workers = 1) => {
    clock = new ManualClock();
    const purgeLog = new MemoryPurgeLog(clock);
    for (let at = 1; at <= count; at += 1) {
      const options = { id: `edge-${at}`, purgeLog, rules: writtenRules(yaml, rules), workers };
      edges.push(
        await startTestEdge(origin.url, workers > 1 ? options : { ...options, clock, lease: 30_000 }),
      );
    }
    return edges[0]?.url ?? "";
  };

  const ask = async (
    url: string,
    target: string,
    headers: Readonly<Record<string, string>> = {},
    how: Asking = {},
  ) => {
    const { status, text, header } = await get(url, target, { ...how, headers });
    return { status, text, cache: header("x-cache"), header };
  };

  describe("key.query", () => {
    it("takes ignored parameters out of the key and out of what the origin gets", async () => {
      const url = await start("rules:\n  - {match: {path: /a}, key: {query: {ignore: [tracking, 'x_*']}}}\n");
      page("/a");
      page("/b");
      const targets = ["/a?utm_source=1&q=2", "/a?q=2&gclid=9", "/a?x_1=&q=2&%75tm_campaign=3", "/a?q=2"];
      const answers = [];
      for (const target of targets) answers.push((await ask(url, target)).text);
      expect(answers).to.deep.equal(targets.map(() => "/a?q=2"));
      expect(origin.count("/a")).to.equal(1);
      expect((await ask(url, "/a?utm_source=1")).text).to.equal("/a");
      expect((await ask(url, "/b?utm_source=1")).text).to.equal("/b?utm_source=1");
    });

    it("keeps the named ones, sorts them, or leaves all out", async () => {
      const url = await start(
        "rules:\n" +
          "  - {match: {path: /keep}, key: {query: {keep: [a, b], sort: true}}}\n" +
          "  - {match: {path: /none}, key: {query: none}}\n" +
          "  - {match: {path: /sort}, key: {query: {sort: true}}}\n",
      );
      for (const path of ["/keep", "/none", "/sort"]) page(path);
      expect((await ask(url, "/keep?b=1&c=2&a=3")).text).to.equal("/keep?a=3&b=1");
      expect((await ask(url, "/none?b=1")).text).to.equal("/none");
      expect((await ask(url, "/sort?b=2&a=1&b=1&a=0")).text).to.equal("/sort?a=1&a=0&b=2&b=1");
      expect((await ask(url, "/sort?a=1&a=0&b=2&b=1")).cache).to.equal("HIT");
    });

    // What an origin might read as a parameter that matters, hidden in one that is ignored.
    for (const query of [
      "utm_source=1;callback=evil",
      "utm_x;q=evil",
      "UTM_SOURCE=evil",
      "utm%00=evil",
      "utm_source%3Dx=evil&q=1",
      "q=evil&utm_source=1",
      "utm_source[]=evil",
      "=utm_source",
      "&&utm_source=1&",
    ]) {
      it(`cannot be used to poison the page by ?${query}`, async () => {
        const url = await start("rules:\n  - key: {query: {ignore: [tracking]}}\n");
        page("/a");
        const poisoned = await ask(url, `/a?${query}`);
        const clean = await ask(url, "/a");
        expect(clean.text).to.equal("/a");
        // Whatever is in the origin's request is in the key.
        if (clean.cache === "HIT") expect(poisoned.text).to.equal("/a");
      });
    }
  });

  describe("cookies", () => {
    const see = { shows: ["cookie"] };

    it("are dropped, so that the page is shared, and stay with a form", async () => {
      const url = await start("rules:\n  - cookies: drop\n");
      page("/", {}, see.shows);
      const all = [];
      for (const who of ["a", "b"]) all.push(await ask(url, "/", { Cookie: `session=${who}` }));
      expect(all.map(({ text, cache }) => [text, cache])).to.deep.equal([
        ["/ cookie=undefined", "MISS"],
        ["/ cookie=undefined", "HIT"],
      ]);
      const form = await ask(url, "/", { Cookie: "session=a" }, { method: "POST", body: "x" });
      expect(form.text).to.equal("/ cookie=session=a");
    });

    it("are only those that are named, and the page is still one client's own", async () => {
      const url = await start("rules:\n  - cookies: [session]\n");
      page("/", {}, see.shows);
      const one = await ask(url, "/", { Cookie: "_ga=1; session=a; x=2" });
      expect(one.text).to.equal("/ cookie=session=a");
      expect((await ask(url, "/", { Cookie: "session=b" })).text).to.equal("/ cookie=session=b");
      expect((await ask(url, "/", { Cookie: "_ga=2" })).text).to.equal("/ cookie=undefined");
      expect((await ask(url, "/", { Cookie: "_ga=3" })).cache).to.equal("HIT");
    });

    it("are dropped where the site says so and no rule says otherwise", async () => {
      const url = await start("cookies: drop\nrules:\n  - {match: {path: /mine}, cookies: keep}\n");
      for (const path of ["/", "/mine"]) page(path, {}, see.shows);
      expect((await ask(url, "/", { Cookie: "a=1" })).text).to.equal("/ cookie=undefined");
      expect((await ask(url, "/mine", { Cookie: "a=1" })).text).to.equal("/mine cookie=a=1");
    });

    it("in the key are all that the origin gets, in one order", async () => {
      const url = await start("rules:\n  - key: {cookies: [lang, cur]}\n");
      page("/", {}, see.shows);
      const one = await ask(url, "/", { Cookie: "cur=eur; session=a; lang=de" });
      expect(one.text).to.equal("/ cookie=lang=de; cur=eur");
      expect(one.header("vary")).to.equal("cookie");
      expect((await ask(url, "/", { Cookie: "lang=de; cur=eur; session=b" })).cache).to.equal("HIT");
      expect((await ask(url, "/", { Cookie: "lang=en" })).text).to.equal("/ cookie=lang=en");
    });
  });

  describe("bypass", () => {
    it("sends the request to the origin as it is, and stores nothing", async () => {
      const url = await start(
        "rules:\n  - {match: {path: /cart/**}, bypass: true}\n  - {cookies: drop, key: {query: none}}\n",
      );
      page("/cart/1", {}, ["cookie"]);
      for (const who of ["a", "b"]) {
        const { text, cache } = await ask(url, "/cart/1", { Cookie: `s=${who}` });
        expect([text, cache]).to.deep.equal([`/cart/1 cookie=s=${who}`, "BYPASS"]);
      }
    });

    it("keeps the query as it is, and so does a form", async () => {
      const url = await start("rules:\n  - {match: {path: /cart}, bypass: true}\n  - key: {query: none}\n");
      page("/cart");
      page("/a");
      expect((await ask(url, "/cart?add=5")).text).to.equal("/cart?add=5");
      expect((await ask(url, "/a?q=1")).text).to.equal("/a");
      const form = await ask(url, "/a?action=save", {}, { method: "POST", body: "x" });
      expect(form.text).to.equal("/a?action=save");
      // It may have changed what is stored without the query.
      expect((await ask(url, "/a")).cache).to.equal("MISS");
    });

    it("false, in an earlier rule, lifts it where every reading of the path matches", async () => {
      const url = await start(
        "rules:\n  - {match: {path: /api/open/**}, bypass: false}\n  - {match: {path: [/api/**, /admin/**]}, bypass: true}\n",
      );
      for (const path of ["/api/open/a", "/api/OPEN/a", "/api/a"]) page(path);
      const caches = [];
      for (const target of ["/api/open/a", "/api/OPEN/a", "/api/a", "/api/open/a"])
        caches.push((await ask(url, target)).cache);
      expect(caches).to.deep.equal(["MISS", "MISS", "BYPASS", "HIT"]);
      for (const target of ["/api/open/..%2fa", "/api/open/%2e%2e/../admin/x", "/api/open/..;/..;/admin/x"]) {
        page(target);
        for (let at = 0; at < 2; at += 1)
          expect((await ask(url, target)).cache, target).to.be.oneOf(["BYPASS", "ERROR"]);
      }
    });

    it("holds for one of several cookies, and one of several fields", async () => {
      const url = await start(
        "rules:\n  - {match: {cookie: ['login_*', cart]}, bypass: true}\n  - {match: {header: [X-Key, X-Token]}, bypass: true}\n  - cookies: drop\n",
      );
      page("/");
      const caches = async (headers: Readonly<Record<string, string>>) =>
        (await ask(url, "/", headers)).cache;
      expect(await caches({ Cookie: "x=1" })).to.equal("MISS");
      expect(await caches({ Cookie: "x=1; login_1=a" })).to.equal("BYPASS");
      expect(await caches({ Cookie: "cart=2" })).to.equal("BYPASS");
      expect(await caches({ "X-Token": "t" })).to.equal("BYPASS");
      expect(await caches({ Cookie: "x=2" })).to.equal("HIT");
    });

    it("holds for a cookie", async () => {
      const url = await start(
        "rules:\n  - {match: {cookie: 'wordpress_logged_in_*'}, bypass: true}\n  - cookies: drop\n",
      );
      page("/", {}, ["cookie"]);
      expect((await ask(url, "/", { Cookie: "x=1" })).text).to.equal("/ cookie=undefined");
      expect((await ask(url, "/", { Cookie: "wordpress_logged_in_1=a" })).text).to.equal(
        "/ cookie=wordpress_logged_in_1=a",
      );
      expect((await ask(url, "/")).cache).to.equal("HIT");
    });

    for (const spelled of ["/Cart", "//cart", "/x/%2e%2e/cart", "/%63art", "/cart;v=1"]) {
      it(`is not evaded by ${spelled}`, async () => {
        const url = await start(
          "rules:\n  - {match: {path: /cart/**}, bypass: true}\n  - ttl: {override: 1h}\n",
        );
        page(spelled);
        await ask(url, spelled);
        expect((await ask(url, spelled)).cache).to.equal("BYPASS");
      });
    }
  });

  describe("deny and allow", () => {
    it("answer 403 without the origin, also in place of what is stored", async () => {
      const url = await start("rules:\n  - {match: {path: /admin/**}, deny: true}\n");
      for (const target of [
        "/admin",
        "/admin/",
        "/ADMIN/x",
        "//admin",
        "/a/../admin",
        "/%61dmin",
        "/admin;a",
      ]) {
        const { status, header } = await ask(url, target);
        expect([status, header("cache-status")], target).to.deep.equal([
          403,
          "edge-1; fwd=bypass; detail=rule-deny",
        ]);
      }
      page("/administrator");
      expect((await ask(url, "/administrator")).status).to.equal(200);
      expect(asked.length).to.equal(1);
    });

    it("tell clients apart by what trusted proxies say of them", async () => {
      const url = await start(
        "rules:\n  - {match: {path: /a}, allow: [192.0.2.0/24, '2001:db8::/32']}\n  - {match: {path: /d}, deny: [192.0.2.0/24]}\n",
      );
      for (const path of ["/a", "/d"]) page(path);
      const statuses = async (client: string) => {
        const answers = await Promise.all(
          ["/a", "/d"].map((path) => ask(url, path, { "X-Forwarded-For": client })),
        );
        return answers.map(({ status }) => status);
      };
      expect(await statuses("192.0.2.7")).to.deep.equal([200, 403]);
      expect(await statuses("198.51.100.7")).to.deep.equal([403, 200]);
      expect(await statuses("2001:db8:1::7")).to.deep.equal([200, 200]);
      // A client's own word is of no use: the last address that no proxy vouches for counts.
      expect(await statuses("192.0.2.7, 198.51.100.7")).to.deep.equal([403, 200]);
    });
  });

  it("redirect names the place, with what the path and the query were", async () => {
    const url = await start(
      "rules:\n" +
        "  - {match: {path: /old/**}, redirect: {to: '/new/{rest}', status: 301}}\n" +
        "  - {match: {host: www.example.org}, redirect: 'https://example.org{path}'}\n" +
        "  - {match: {path: /open/**}, redirect: '/{rest}'}\n",
    );
    const moved = async (target: string, headers = {}) => {
      const { status, header } = await ask(url, target, headers);
      return `${status} ${header("location")}`;
    };
    expect(await moved("/old/a%20b?c=d")).to.equal("301 /new/a%20b?c=d");
    expect(await moved("/x?y", { Host: "www.example.org" })).to.equal("302 https://example.org/x?y");
    // Two slashes would name another host.
    expect(await moved("/open//evil.example/")).to.equal("302 /evil.example/");
    expect(asked).to.deep.equal([]);
  });

  it("respond gives a fixed answer, which no cache keeps", async () => {
    const url = await start(
      "rules:\n  - {match: {path: /robots.txt}, respond: {body: 'User-agent: *'}}\n  - {match: {method: POST}, respond: {status: 503, body: <p>Later, type: text/html}}\n",
    );
    const robots = await ask(url, "/robots.txt");
    expect([robots.status, robots.text, robots.header("cache-control")]).to.deep.equal([
      200,
      "User-agent: *",
      "no-store",
    ]);
    const later = await ask(url, "/", {}, { method: "POST", body: "x" });
    expect([later.status, later.text, later.header("content-type")]).to.deep.equal([
      503,
      "<p>Later",
      "text/html",
    ]);
  });

  it("rewrite gives the key and the origin another path, and the query stays", async () => {
    const url = await start("rules:\n  - {match: {path: /shop/**}, rewrite: '/v2/{rest}'}\n");
    page("/v2/a");
    expect((await ask(url, "/shop/a?b=c")).text).to.equal("/v2/a?b=c");
    expect((await ask(url, "/v2/a?b=c")).cache).to.equal("HIT");
  });

  it("request-headers reach the origin as they stand in the rule", async () => {
    const url = await start(
      "rules:\n  - request-headers: {set: {X-Secret: s, Authorization: Basic eA==}, remove: [Referer]}\n",
    );
    page("/", {}, ["x-secret", "authorization", "referer"]);
    const { text } = await ask(url, "/", { "X-Secret": "forged", Referer: "http://x" });
    expect(text).to.equal("/ x-secret=s authorization=Basic eA== referer=undefined");
    expect((await ask(url, "/")).cache).to.equal("HIT");
    // The credentials are the edge's: the client's own answers stay its own.
    expect((await ask(url, "/", { Authorization: "Basic eQ==" })).cache).to.equal("HIT");
  });

  describe("limit", () => {
    it("answers 429 to a client that comes too often, also in place of what is stored", async () => {
      const url = await start("rules:\n  - {match: {path: /api/**}, limit: {rate: 2/s, burst: 3}}\n");
      page("/api");
      page("/other");
      const statuses = async (client: string, count: number) => {
        const all: number[] = [];
        for (let at = 0; at < count; at += 1)
          all.push((await ask(url, "/api", { "X-Forwarded-For": client })).status);
        return all;
      };
      expect(await statuses("192.0.2.1", 4)).to.deep.equal([200, 200, 200, 429]);
      expect(await statuses("192.0.2.2", 1)).to.deep.equal([200]);
      expect((await ask(url, "/other", { "X-Forwarded-For": "192.0.2.1" })).status).to.equal(200);
      const refused = await ask(url, "/%61PI", { "X-Forwarded-For": "192.0.2.1" });
      expect(refused.status).to.equal(429);
      expect(
        ["retry-after", "ratelimit-policy", "ratelimit"].map((name) => refused.header(name)),
      ).to.deep.equal(["1", '"rule";q=3;w=2', '"rule";r=0;t=1']);
      clock.advance(500);
      expect(await statuses("192.0.2.1", 2)).to.deep.equal([200, 429]);
      clock.advance(10_000);
      expect(await statuses("192.0.2.1", 4)).to.deep.equal([200, 200, 200, 429]);
    });

    it("counts by key for all clients together", async () => {
      const url = await start("rules:\n  - limit: {rate: 1/m, per: key}\n");
      page("/a");
      page("/b");
      const all = [];
      for (const [target, client] of [
        ["/a", "192.0.2.1"],
        ["/a", "192.0.2.2"],
        ["/b", "192.0.2.1"],
      ] as const)
        all.push((await ask(url, target, { "X-Forwarded-For": client })).status);
      expect(all).to.deep.equal([200, 429, 200]);
    });
  });

  describe("variance", () => {
    const varying = async (key: string, name: string, values: readonly string[]) => {
      const url = await start(`rules:\n  - key: ${key}\n`);
      page("/", {}, [name]);
      const seen: string[] = [];
      for (const value of values) {
        const { text, cache, header } = await ask(url, "/", value === "" ? {} : { [name]: value });
        expect(header("vary")).to.equal(name);
        seen.push(`${cache} ${text.replace(`/ ${name}=`, "")}`);
      }
      return seen;
    };

    it("by the formats of pictures has one variant for each", async () => {
      const values = [
        "image/avif,image/webp,*/*",
        "image/webp, image/avif;q=0",
        "*/*",
        "",
        "text/html,image/webp;q=0.5",
      ];
      expect(await varying("{accept: [avif, webp]}", "accept", values)).to.deep.equal([
        "MISS image/avif",
        "MISS image/webp",
        "MISS undefined",
        "HIT undefined",
        "HIT image/webp",
      ]);
    });

    it("by language has one for each of the site's", async () => {
      const values = ["de-AT, en;q=0.5", "de", "fr;q=0.9, en;q=0.8", "it", ""];
      expect(await varying("{language: [de, en]}", "accept-language", values)).to.deep.equal([
        "MISS de",
        "HIT de",
        "MISS en",
        "MISS undefined",
        "HIT undefined",
      ]);
    });

    it("by device has two", async () => {
      const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1";
      const values = [
        phone,
        "Mozilla/5.0 (Linux; Android 14; Pixel) Chrome/130 Mobile Safari/537.36",
        "curl/8",
        "",
      ];
      const caches = (await varying("{device: true}", "user-agent", values)).map(
        (seen) => seen.split(" ")[0],
      );
      expect(caches).to.deep.equal(["MISS", "HIT", "MISS", "HIT"]);
    });

    it("by a field has one for each value that clients send", async () => {
      expect(await varying("{headers: [X-Version]}", "x-version", ["1", "2", "1", ""])).to.deep.equal([
        "MISS 1",
        "MISS 2",
        "HIT 1",
        "MISS undefined",
      ]);
    });

    it("keeps 64 variants of a key, and says when one goes for another", async () => {
      const url = await start("rules:\n  - key: {headers: [X-Version]}\n");
      page("/");
      const asks = (version: number) => ask(url, "/", { "X-Version": String(version) });
      for (let version = 0; version < 64; version += 1)
        expect((await asks(version)).header("cache-status")).not.to.include("detail=variants");
      // All but one are asked for again.
      for (let version = 1; version < 64; version += 1) expect((await asks(version)).cache).to.equal("HIT");
      expect((await asks(64)).header("cache-status")).to.include("detail=variants");
      expect((await asks(1)).cache).to.equal("HIT");
      expect((await asks(0)).cache).to.equal("MISS");
    });

    it("is covered by a purge of the URL", async () => {
      const url = await start("rules:\n  - key: {accept: [webp]}\n");
      page("/");
      for (const Accept of ["image/webp", "*/*"]) await ask(url, "/", { Accept });
      await purge(edges[0]?.control ?? "", { $case: "url", url: "/" });
      for (const Accept of ["image/webp", "*/*"])
        expect((await ask(url, "/", { Accept })).cache).to.equal("MISS");
    });
  });

  it("location: map makes references to the origin's own address relative, and leaves others", async () => {
    const site = {
      name: "default",
      hosts: [],
      origin: { kind: "http", url: origin.url },
      rules: writtenRules("location: map\n"),
    } as const;
    const edge = await startTestEdge(origin.url, { id: "edge-9", sites: [site] });
    edges.push(edge);
    origin.answer("/to", { status: 302, fields: [["Location", `${origin.url.origin}/login?a`]] });
    origin.answer("/away", { status: 302, fields: [["Location", "https://other.example/"]] });
    expect((await ask(edge.url, "/to")).header("location")).to.equal("/login?a");
    expect((await ask(edge.url, "/away")).header("location")).to.equal("https://other.example/");
  });

  it("origin asks another origin of the site, whose answers are stored like all others", async () => {
    const other = await HttpOrigin.start();
    other.answer("/api/a", { fields: [["Cache-Control", "max-age=60"]], body: "other" });
    page("/a");
    const file =
      `sites: [{name: shop, origin: "${origin.url.origin}", origins: {api: "${other.url.origin}"}, ` +
      "rules: [{match: {path: /api/**}, origin: api}]}]\n";
    const { sites } = edgeConfig({ argv: ["--config", "edge.yaml"], env: {}, readFile: () => file });
    const edge = await startTestEdge(origin.url, { sites });
    edges.push(edge);
    expect((await ask(edge.url, "/api/a")).text).to.equal("other");
    expect((await ask(edge.url, "/api/a")).cache).to.equal("HIT");
    expect((await ask(edge.url, "/a")).text).to.equal("/a");
    await other.stop();
  });

  it("timeouts end a request that the origin leaves unanswered, and no other", async () => {
    const url = await start("rules:\n  - {match: {path: /slow}, timeouts: {first-byte: 5s}}\n");
    page("/slow");
    const gate = origin.hold("/slow", "fields");
    const answer = ask(url, "/slow");
    await origin.received("/slow");
    clock.advance(5_000);
    expect((await answer).status).to.equal(504);
    gate.open();
  });

  it("a purge of a URL covers what its requests are stored under, at every edge", async () => {
    const rules =
      "rules:\n" +
      "  - {match: {path: /shop/**}, rewrite: '/v2/{rest}'}\n" +
      "  - {match: {header: {X-New: '1'}, path: /h}, rewrite: /v3}\n" +
      "  - key: {query: {ignore: [tracking]}}\n";
    await start(rules, {}, 2);
    for (const path of ["/a", "/v2/a", "/v3"]) page(path);
    const caches = async (target: string, headers = {}) =>
      Promise.all(edges.map(async ({ url }) => (await ask(url, target, headers)).cache));
    const named: readonly [named: string, asked: string, headers?: Readonly<Record<string, string>>][] = [
      ["/a?utm_source=x", "/a"],
      ["/a?utm_source=x&q=1", "/a?q=1"],
      ["/shop/a?utm_source=x", "/v2/a"],
      ["/h", "/h", { "X-New": "1" }],
    ];
    for (const [url, target, headers] of named) {
      await caches(target, headers);
      expect(await caches(target, headers), target).to.deep.equal(["HIT", "HIT"]);
      await purge(edges[0]?.control ?? "", { $case: "url", url });
      expect(await caches(target, headers), url).to.deep.equal(["MISS", "MISS"]);
    }
  });

  it("hold in serving threads, which answer hits by themselves", async function () {
    this.timeout(20_000);
    const url = await start(
      "rules:\n  - {match: {path: /admin/**}, deny: true}\n  - {cookies: drop, key: {query: {ignore: [tracking]}}}\n",
      {},
      1,
      2,
    );
    page("/a");
    page("/admin");
    for (let at = 0; at < 8; at += 1) {
      const { text } = await ask(url, `/a?utm_source=${at}`, { Cookie: `s=${at}` });
      expect(text).to.equal("/a");
      expect((await ask(url, "/%61dmin")).status).to.equal(403);
    }
    expect(origin.count("/a")).to.equal(1);
  });
});
