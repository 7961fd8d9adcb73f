import { expect } from "chai";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { freePort } from "../rig/free-port.ts";
import { type Asking, get } from "../rig/http-client.ts";
import { HttpOrigin, type Reply } from "../rig/http-origin.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { problemsOf, writtenRules } from "../rig/written-rules.ts";

const KIB64 = 64 * 1024;
const FRESH = { "Cache-Control": "max-age=60" };
const POSTS = "rules:\n  - {match: {path: /graphql}, cache-post: true}\n";

describe("a question with content", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let clock: ManualClock;
  /** What the origin has got. */
  let asked: { method: string; type: string | undefined; body: string; more: string | undefined }[];

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    asked = [];
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const start = async (yaml = "rules: []\n", workers = 1) => {
    clock = new ManualClock();
    const options = { rules: writtenRules(yaml), purgeLog: new MemoryPurgeLog(clock), workers };
    edge = await startTestEdge(origin.url, workers > 1 ? options : { ...options, clock, lease: 30_000 });
  };

  /** The answer shows the question. */
  const answers = (path: string, fields: Record<string, string> = FRESH, status = 200) =>
    origin.answer(path, async (request): Promise<Reply> => {
      const body = await request.body();
      const { method } = request;
      asked.push({
        method,
        body,
        type: request.header("content-type"),
        more: request.header("content-digest"),
      });
      return {
        status,
        fields: Object.entries(fields),
        body: `${method} ${body.length} ${body.slice(0, 40)}`,
      };
    });

  const question = async (method: string, path: string, body: string, headers: Asking["headers"] = {}) => {
    const fields = { "Content-Type": "application/json", ...headers };
    const { text, status, header } = await get(edge.url, path, { method, body, headers: fields });
    return { text, status, header, cache: header("x-cache"), detail: header("cache-status") ?? "" };
  };

  describe("by QUERY", () => {
    it("is answered from the store when all of its content is the same", async () => {
      await start();
      answers("/search");
      const first = await question("QUERY", "/search", '{"q":"a"}');
      const second = await question("QUERY", "/search", '{"q":"a"}');
      const other = await question("QUERY", "/search", '{"q":"b"}');
      expect([first.cache, second.cache, other.cache]).to.deep.equal(["MISS", "HIT", "MISS"]);
      expect(second.text).to.equal('QUERY 9 {"q":"a"}');
      expect(other.text).to.equal('QUERY 9 {"q":"b"}');
      expect(second.header("age")).to.equal("0");
      expect(asked.map(({ body, type }) => [body, type])).to.deep.equal([
        ['{"q":"a"}', "application/json"],
        ['{"q":"b"}', "application/json"],
      ]);
    });

    it("is another one with another media type, coding, language, target or method", async () => {
      await start(POSTS);
      for (const path of ["/search", "/graphql"]) answers(path);
      const asking: (readonly [string, string, Record<string, string>])[] = [
        ["QUERY", "/search", {}],
        ["QUERY", "/search", { "Content-Type": "text/plain" }],
        ["QUERY", "/search", { "Content-Encoding": "gzip" }],
        ["QUERY", "/search", { "Content-Language": "de" }],
        ["QUERY", "/search?x", {}],
        ["QUERY", "/graphql", {}],
        ["POST", "/graphql", {}],
        ["GET", "/search", {}],
      ];
      for (const [method, path, headers] of asking)
        expect((await question(method, path, method === "GET" ? "" : "q", headers)).cache).to.equal("MISS");
      expect(asked).to.have.length(asking.length);
    });

    it("does not differ by the way in which its content comes", async () => {
      await start();
      answers("/search");
      await question("QUERY", "/search", "abc", { "Transfer-Encoding": "chunked" });
      expect((await question("QUERY", "/search", "abc", { "Content-Length": "3" })).cache).to.equal("HIT");
    });

    it("never answers a GET, nor a GET a QUERY, also where No-Vary-Search makes targets equal", async () => {
      await start();
      answers("/search", { ...FRESH, "No-Vary-Search": 'params=("x")' });
      await question("QUERY", "/search?x=1", "a");
      const plain = await get(edge.url, "/search?x=2");
      expect(plain.text).to.equal("GET 0 ");
      expect((await question("QUERY", "/search?x=3", "a")).cache).to.equal("MISS");
      expect((await get(edge.url, "/search?x=4")).header("x-cache")).to.equal("HIT");
    });

    it("does not take fields to the origin that are not in the key", async () => {
      await start();
      answers("/search");
      await question("QUERY", "/search", "a", { "Content-Digest": "sha-256=:AAAA:" });
      expect(asked[0]?.more).to.equal(undefined);
    });

    it("has its answer validated, and gets 304 for what its client has", async () => {
      await start();
      origin.answer("/search", (request) => {
        asked.push({
          method: request.method,
          type: undefined,
          body: "",
          more: request.header("if-none-match"),
        });
        const fields: [string, string][] = [
          ["Cache-Control", "max-age=60"],
          ["ETag", '"1"'],
        ];
        return request.header("if-none-match") === undefined
          ? { fields, body: "one" }
          : { status: 304, fields };
      });
      await question("QUERY", "/search", "a");
      expect((await question("QUERY", "/search", "a", { "If-None-Match": '"1"' })).status).to.equal(304);
      clock.advance(61_000);
      const again = await question("QUERY", "/search", "a");
      expect([again.cache, again.text, asked[1]?.more]).to.deep.equal(["REVALIDATED", "one", '"1"']);
    });

    it("is refreshed in the background with its content", async () => {
      await start();
      answers("/search", { "Cache-Control": "max-age=60, stale-while-revalidate=600" });
      await question("QUERY", "/search", "abc");
      clock.advance(61_000);
      expect((await question("QUERY", "/search", "abc")).cache).to.equal("STALE");
      await until("the origin has read the question again", () => asked.length === 2);
      expect(asked[1]).to.deep.include({ method: "QUERY", body: "abc", type: "application/json" });
    });

    it("is purged with its URL, with every content", async () => {
      await start();
      answers("/search");
      for (const body of ["a", "b"]) await question("QUERY", "/search", body);
      await purge(edge.control, { $case: "url", url: "/search" });
      for (const body of ["a", "b"])
        expect((await question("QUERY", "/search", body)).cache).to.equal("MISS");
    });

    it("is invalidated by an unsafe request for its URL, and invalidates nothing", async () => {
      await start();
      answers("/search");
      await get(edge.url, "/search");
      await question("QUERY", "/search", "a");
      expect((await get(edge.url, "/search")).header("x-cache")).to.equal("HIT");
      await question("PUT", "/search", "x");
      expect((await question("QUERY", "/search", "a")).cache).to.equal("MISS");
    });

    it("shares one request to the origin with the same question, and with no other", async () => {
      await start();
      answers("/search");
      const gate = origin.hold("/search", "fields");
      const all = ["a", "a", "b"].map((body) => question("QUERY", "/search", body));
      await origin.received("/search", 2);
      gate.open();
      const texts = (await Promise.all(all)).map(({ text }) => text);
      expect(texts).to.deep.equal(["QUERY 1 a", "QUERY 1 a", "QUERY 1 b"]);
      expect(asked.map(({ body }) => body).sort()).to.deep.equal(["a", "b"]);
    });

    for (const [kind, headers] of [
      ["announced", {}],
      ["chunked", { "Transfer-Encoding": "chunked" }],
    ] as const) {
      it(`of 64 KiB, ${kind}, is cached`, async () => {
        await start();
        answers("/search");
        await question("QUERY", "/search", "x".repeat(KIB64), headers);
        expect((await question("QUERY", "/search", "x".repeat(KIB64), headers)).cache).to.equal("HIT");
      });

      it(`of one byte more, ${kind}, is passed on whole and not stored`, async () => {
        await start();
        answers("/search");
        const long = `begin${"x".repeat(KIB64 - 4)}`;
        for (const _ of [1, 2]) {
          const passed = await question("QUERY", "/search", long, headers);
          expect([passed.status, passed.cache]).to.deep.equal([200, "BYPASS"]);
          expect(passed.detail).to.include("detail=content-too-large");
        }
        expect(asked.map(({ body }) => body === long)).to.deep.equal([true, true]);
      });
    }

    it("is passed on as it comes when it says Incremental, or has a part of its content only", async () => {
      await start();
      answers("/search");
      for (const [name, value, detail] of [
        ["Incremental", "?1", "incremental"],
        ["Content-Range", "bytes 0-0/2", "content-range"],
      ] as const) {
        for (const _ of [1, 2]) {
          const passed = await question("QUERY", "/search", "a", { [name]: value });
          expect([passed.cache, passed.detail.includes(`detail=${detail}`)]).to.deep.equal(["BYPASS", true]);
        }
      }
      expect((await question("QUERY", "/search", "a", { Incremental: "?0" })).cache).to.equal("MISS");
    });

    it("reaches the origin whole when only the origin can answer it", async () => {
      await start();
      answers("/search");
      for (const [body, headers, cache] of [
        ["a", { "If-Match": '"1"' }, "BYPASS"],
        ["b", { "Cache-Control": "no-store" }, "BYPASS"],
        ["c", { Authorization: "Basic YQ==", "X-Token": "1" }, "MISS"],
      ] as const)
        expect(await question("QUERY", "/search", body, headers)).to.include({
          text: `QUERY 1 ${body}`,
          cache,
        });
      const unmet = await question("QUERY", "/search", "abc", { "Cache-Control": "only-if-cached" });
      expect(unmet.status).to.equal(504);
    });

    it("is asked at the next origin when the first one cannot be reached", async () => {
      clock = new ManualClock();
      const dead = new URL(`http://127.0.0.1:${await freePort()}`);
      const several = { kind: "several", urls: [dead, origin.url] } as const;
      edge = await startTestEdge(several, { clock, purgeLog: new MemoryPurgeLog(clock), lease: 30_000 });
      answers("/search");
      expect((await question("QUERY", "/search", "abc")).text).to.equal("QUERY 3 abc");
    });

    it("of one client with a cookie is not for others", async () => {
      await start();
      answers("/search");
      for (const _ of [1, 2])
        expect((await question("QUERY", "/search", "a", { Cookie: "s=1" })).cache).to.equal("MISS");
    });

    it("is cached by an edge of several threads", async () => {
      await start(undefined, 2);
      answers("/search");
      const caches = [];
      for (let time = 0; time < 6; time += 1) caches.push((await question("QUERY", "/search", "abc")).cache);
      expect(caches).to.deep.equal(["MISS", ...Array.from({ length: 5 }, () => "HIT")]);
      expect((await question("QUERY", "/search", "abd")).text).to.equal("QUERY 3 abd");
    });
  });

  describe("by POST", () => {
    it("is cached where a rule says so, and only if its answer is explicitly fresh", async () => {
      await start(POSTS);
      answers("/graphql");
      answers("/other");
      await question("POST", "/graphql", "a");
      expect((await question("POST", "/graphql", "a")).cache).to.equal("HIT");
      expect((await question("POST", "/graphql", "b")).text).to.equal("POST 1 b");
      await question("POST", "/other", "a");
      expect((await question("POST", "/other", "a")).cache).to.equal("BYPASS");
      answers("/graphql", { "Last-Modified": "Mon, 01 Jan 2001 00:00:00 GMT" });
      await question("POST", "/graphql", "c");
      const again = await question("POST", "/graphql", "c");
      expect([again.cache, again.detail.includes("detail=post")]).to.deep.equal(["MISS", true]);
    });

    it("is never made one with another POST, not even with the same content", async () => {
      await start(POSTS);
      answers("/graphql");
      const gate = origin.hold("/graphql", "fields");
      const all = ["a", "a"].map((body) => question("POST", "/graphql", body));
      await origin.received("/graphql", 2);
      gate.open();
      await Promise.all(all);
      expect(asked).to.have.length(2);
    });

    it("invalidates nothing, whether it fits or not", async () => {
      await start(POSTS);
      answers("/graphql");
      await get(edge.url, "/graphql");
      await question("POST", "/graphql", "a");
      await question("POST", "/graphql", "x".repeat(KIB64 + 1));
      expect((await get(edge.url, "/graphql")).header("x-cache")).to.equal("HIT");
      expect((await question("POST", "/graphql", "a")).cache).to.equal("HIT");
    });

    it("is purged with its URL", async () => {
      await start(POSTS);
      answers("/graphql");
      await question("POST", "/graphql", "a");
      await purge(edge.control, { $case: "url", url: "/graphql" });
      expect((await question("POST", "/graphql", "a")).cache).to.equal("MISS");
    });

    it("is asked anew without preconditions when its answer is stale", async () => {
      await start(POSTS);
      answers("/graphql", { ...FRESH, ETag: '"1"' });
      await question("POST", "/graphql", "a");
      clock.advance(61_000);
      expect((await question("POST", "/graphql", "a")).text).to.equal("POST 1 a");
      expect(asked).to.have.length(2);
    });

    it("has the parts of the key that rules give it", async () => {
      await start(`${POSTS}  - {cookies: drop, key: {headers: [X-Version]}}\n`);
      answers("/graphql");
      await question("POST", "/graphql", "a", { "X-Version": "1", Cookie: "a=1" });
      expect((await question("POST", "/graphql", "a", { "X-Version": "1", Cookie: "a=2" })).cache).to.equal(
        "HIT",
      );
      expect((await question("POST", "/graphql", "a", { "X-Version": "2" })).cache).to.equal("MISS");
    });

    it("cannot be cached by a rule that contradicts itself", () => {
      expect(problemsOf("rules:\n  - {cache-post: true, bypass: true}\n").join()).to.include("cache-post");
      expect(problemsOf("rules:\n  - {match: {method: GET}, cache-post: true}\n").join()).to.include(
        "no POST",
      );
    });
  });
});
