import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, type ServiceError, status } from "@grpc/grpc-js";
import { expect } from "chai";
import { urlToken } from "../../process/url-signature.ts";
import { EdgeServiceClient, type ExplainResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin, type Reply } from "../../test/rig/http-origin.ts";
import { purge, stats } from "../../test/rig/purge.ts";
import { startTestEdge, type TestEdge } from "../../test/rig/test-edge.ts";
import { until } from "../../test/rig/until.ts";
import { writtenRules } from "../../test/rig/written-rules.ts";
import { NO_COMPRESSION } from "../rules/compression.ts";
import { NOTHING_SIGNED, SignedUrls } from "../rules/site/signed-urls.ts";
import { SAFE_RULES } from "../rules/site-rules.ts";

type Line = readonly [string, string];

function fresh(...more: readonly Line[]): Reply {
  return { fields: [["Cache-Control", "max-age=60"], ...more], body: "body" };
}

describe("Explain", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let client: EdgeServiceClient;

  async function start(hosts: readonly (readonly string[])[] = [[]], rules = SAFE_RULES): Promise<void> {
    const sites = hosts.map((names, i) => ({
      name: `site-${i}`,
      hosts: names,
      origin: { kind: "http", url: origin.url } as const,
      rules,
    }));
    edge = await startTestEdge(origin.url, { sites });
    client = new EdgeServiceClient(edge.control, credentials.createInsecure());
  }

  beforeEach(async () => {
    origin = await HttpOrigin.start();
  });

  afterEach(async () => {
    client.close();
    await edge.stop();
    await origin.stop();
  });

  function explain(url: string, fields: Record<string, string> = {}): Promise<ExplainResponse> {
    return new Promise((resolve, reject) => {
      client.explain({ url, fields }, (error, reply) => (error === null ? resolve(reply) : reject(error)));
    });
  }

  async function problem(url: string, fields: Record<string, string> = {}): Promise<string> {
    const refused = await explain(url, fields).catch((error: ServiceError) => error);
    if (!("code" in refused) || refused.code !== status.INVALID_ARGUMENT) throw new Error("not refused");
    return refused.details;
  }

  it("says in which form the next answer is", async () => {
    await start([[]], { ...SAFE_RULES, compress: { ...NO_COMPRESSION, codings: ["br"] } });
    origin.answer("/a", { ...fresh(["Content-Type", "text/html"]), body: "<p>hello</p>".repeat(200) });
    const asked = { "Accept-Encoding": "br" };
    const ask = () => get(edge.url, "/a", { headers: asked });
    await until("it is there in br", async () => (await ask()).header("content-encoding") === "br");
    const explained = await explain("/a", asked);
    expect((await ask()).header("cache-status")).to.equal(`edge-1; ${explained.next}`);
    expect(explained.next).to.match(/^hit; ttl=\d+; detail=br$/);
    expect(explained.reason).to.equal("a stored response is fresh by max-age, and kept in br");
    expect((await explain("/a")).next).to.match(/^hit; ttl=\d+$/);
  });

  it("says what the next answer's Cache-Status then says", async () => {
    await start();
    origin.answer("/a", fresh(["ETag", '"v1"'], ["Cache-Tag", "x, y"]));
    const before = await explain("/a");
    expect(before).to.include({ edge: "edge-1", key: "site-0 /a", next: "fwd=uri-miss" });
    expect(before.reason).to.equal("nothing is stored for this URL");
    expect(before.variants).to.deep.equal([]);
    await get(edge.url, "/a");
    const { next, reason, variants } = await explain("/a");
    expect(next).to.match(/^hit; ttl=(60|59)$/);
    expect(reason).to.equal("a stored response is fresh by max-age");
    expect(variants).to.have.length(1);
    const [variant] = variants;
    expect(variant).to.deep.include({
      status: 200,
      bodyBytes: 4,
      freshnessSource: "max-age",
      validator: '"v1"',
      tags: ["x", "y"],
      selected: true,
    });
    expect(variant?.position).to.match(/^\d+-\d+$/);
    expect(origin.count()).to.equal(1);
  });

  it("chooses among variants as a request with those fields would", async () => {
    await start();
    origin.answer("/v", fresh(["Vary", "Accept-Language"]));
    for (const language of ["de", "fr"])
      await get(edge.url, "/v", { headers: { "Accept-Language": language } });
    const { variants } = await explain("/v", { "accept-language": "fr" });
    const selected = variants.filter((variant) => variant.selected);
    expect(variants).to.have.length(2);
    expect(selected.map(({ selectingFields }) => Object.values(selectingFields))).to.deep.equal([["fr"]]);
    const other = await explain("/v", { "Accept-Language": "it" });
    expect(other.next).to.equal("fwd=vary-miss");
    expect(other.variants.some((variant) => variant.selected)).to.equal(false);
  });

  it("shows a digest instead of what lets a client in", async () => {
    await start();
    const secrets = [
      ["Cookie", "session=victim-5f2c"],
      ["Authorization", "Bearer victim-jwt-77"],
      ["Proxy-Authorization", "Basic dmljdGltOjEyMw=="],
      ["X-Api-Key", "victim-key-9"],
    ] as const;
    for (const [i, [name]] of secrets.entries()) {
      origin.answer(`/${i}`, {
        fields: [
          ["Cache-Control", "public, max-age=60"],
          ["Vary", name],
        ],
        body: "b",
      });
    }
    for (const [i, [name, value]] of secrets.entries()) {
      await get(edge.url, `/${i}`, { headers: { [name]: value } });
      const answer = await explain(`/${i}`, { [name]: value });
      const shown = answer.variants.map(({ selectingFields }) => selectingFields);
      // Proxy-Authorization never gets as far as the cache, so no variant is selected by it.
      if (name !== "Proxy-Authorization") {
        expect(shown, name).to.have.length(1);
        expect(Object.values(shown[0] ?? {})[0], name).to.match(/^\(sha256 [0-9a-f]{8}…\)$/);
      }
      expect(JSON.stringify(answer), name).not.to.match(/victim|dmljdGlt/);
    }
  });

  it("says what a soft purge and a request's own wishes lead to", async () => {
    await start();
    origin.answer("/a", fresh(["ETag", '"v1"']));
    await get(edge.url, "/a");
    const wish = await explain("/a", { "Cache-Control": "no-cache" });
    expect(wish.next).to.match(/^fwd=request/);
    expect((await explain("/a", { "Cache-Control": "no-store" })).next).to.match(/^fwd=/);
    await purge(edge.control, { $case: "url", url: "/a" }, { soft: true });
    const softened = await explain("/a");
    expect(softened.next).to.match(/^fwd=stale; detail=soft-purged$/);
    expect(softened.reason).to.match(/^a stored response must be validated with the origin first: /);
    expect((await explain("/b", { "Cache-Control": "only-if-cached" })).next).to.equal(
      "fwd=request; detail=only-if-cached",
    );
  });

  it("ignores the wishes of a request where the site does", async () => {
    await start([[]], { ...SAFE_RULES, clientCacheControl: "ignore" });
    origin.answer("/a", fresh());
    await get(edge.url, "/a");
    expect((await explain("/a", { "Cache-Control": "no-cache" })).next).to.match(/^hit; ttl=/);
  });

  it("shows the rules of the site: which match, what they do, and why the others do not", async () => {
    const rules = writtenRules(
      "rules:\n" +
        "  - {name: assets, match: {path: /a}, ttl: 1h, tags: x}\n" +
        "  - {match: {path: /a, header: {X-Beta: '*'}}, bypass: true}\n" +
        "  - {name: office, match: {path: /admin/**}, allow: [192.0.2.0/24]}\n" +
        "  - {name: late, key: {query: {ignore: [tracking]}}}\n" +
        "  - {name: pictures, match: {type: image/*}, compress: false}\n",
    );
    await start([[]], rules);
    origin.answer("/a", fresh());
    await get(edge.url, "/a?utm_source=x");
    const answer = await explain("/a?utm_source=y");
    expect([answer.target, answer.key]).to.deep.equal(["/a", `site-0 ${edge.url}/a`]);
    expect(answer.next).to.match(/^hit; ttl=3[56]\d\d$/);
    expect(answer.reason).to.equal("a stored response is fresh by rule assets");
    expect(answer.rules).to.deep.equal([
      { rule: "assets", matched: true, because: "", does: ["ttl", "tags"] },
      { rule: "rules[1]", matched: false, because: "header", does: ["bypass"] },
      { rule: "office", matched: false, because: "path", does: ["allow"] },
      { rule: "late", matched: true, because: "", does: ["key"] },
      { rule: "pictures", matched: true, because: "", does: ["compress: false"] },
    ]);
    expect((await explain("/a", { "X-Beta": "1" })).next).to.equal("fwd=bypass; detail=rule-bypass");
    const denied = await explain("/admin", { "X-Forwarded-For": "198.51.100.1" });
    expect([denied.next, denied.rules.at(-1)?.because]).to.deep.equal([
      "fwd=bypass; detail=rule-deny",
      "an earlier rule answers",
    ]);
    expect(denied.reason).to.equal("the rule office answers by itself");
    expect((await explain("/admin", { "X-Forwarded-For": "192.0.2.1" })).next).to.equal("fwd=uri-miss");
  });

  it("chooses among variants by the address that a trusted proxy names", async () => {
    await start();
    origin.answer("/a", fresh(["Vary", "X-Forwarded-For"]));
    await get(edge.url, "/a", { headers: { "X-Forwarded-For": "1.1.1.1" } });
    const next = async (chain: string) => (await explain("/a", { "X-Forwarded-For": chain })).next;
    expect(await next("1.1.1.1, 127.0.0.1")).to.match(/^hit; ttl=/);
    expect(await next("2.2.2.2, 127.0.0.1")).to.equal("fwd=vary-miss");
  });

  it("says that a soft purge has made it stale, and what allows it to be used", async () => {
    await start();
    origin.answer("/a", { fields: [["Cache-Control", "max-age=60, stale-while-revalidate=30"]], body: "a" });
    await get(edge.url, "/a");
    await purge(edge.control, { $case: "url", url: "/a" }, { soft: true });
    const { next, reason, variants } = await explain("/a");
    expect(next).to.match(/^hit; ttl=(0|-1); detail=stale-while-revalidate$/);
    expect(reason).to.equal(
      "a stored response is stale by a soft purge, and stale-while-revalidate allows it",
    );
    expect(variants[0]?.ttl).to.be.within(-1, 0);
  });

  it("obeys EdgeCache-After as serving does", async () => {
    await start();
    origin.answer("/a", fresh());
    await get(edge.url, "/a");
    const { position } = await stats(edge.control);
    const [epoch = "", seq = ""] = position.split("-");
    expect((await explain("/a", { "EdgeCache-After": position })).next).to.match(/^hit/);
    const later = await explain("/a", { "EdgeCache-After": `${epoch}-${Number(seq) + 1}` });
    expect(later.next).to.equal("fwd=stale; detail=purged");
    expect(await problem("/a", { "EdgeCache-After": "soon" })).to.match(
      /^fields: EdgeCache-After must be a position .*: got "soon"$/,
    );
  });

  it("says why the last response was not stored", async () => {
    await start();
    origin.answer("/mine", { fields: [["Cache-Control", "private, max-age=60"]], body: "mine" });
    await get(edge.url, "/mine");
    const { next, reason } = await explain("/mine");
    expect(next).to.equal("fwd=uri-miss");
    expect(reason).to.equal(
      "nothing is stored for this URL. The last response was not stored: private. " +
        "The response says `private` without field names.",
    );
  });

  it("does not take a QUERY for the URL that it is asked about", async () => {
    await start();
    origin.answer("/q", { fields: [["Cache-Control", "no-store"]], body: "" });
    await get(edge.url, "/q", { method: "QUERY", body: "x" });
    expect(await explain("/q")).to.include({ key: "site-0 /q", next: "fwd=uri-miss" });
  });

  it("says what is wrong with the token of a signed URL, and explains one without a token as if it had one", async () => {
    const key = { id: "a", secret: "0123456789abcdef0123456789abcdef" };
    const settings = { ...NOTHING_SIGNED.written, paths: ["/p/**"], keys: "unread" };
    const folder = mkdtempSync(join(tmpdir(), "explain-"));
    const keys = join(folder, "keys");
    writeFileSync(keys, `${key.id} ${key.secret}`);
    await start([[]], { ...SAFE_RULES, signed: new SignedUrls({ ...settings, keys }) });
    rmSync(folder, { recursive: true });
    origin.answer("/p/a", fresh());
    const token = (expires: number) => urlToken(key, { host: "a", expires, scope: "url", text: "/p/a" });
    const good = `/p/a?token=${token(Math.ceil(Date.now() / 1_000) + 3_600)}`;
    await get(edge.url, good, { headers: { Host: "a" } });
    for (const url of [`http://a${good}`, "http://a/p/a"])
      expect((await explain(url)).next).to.match(/^hit; ttl=\d+$/);
    const expired = await explain(`http://a/p/a?token=${token(1)}`);
    expect(expired).to.include({
      next: "fwd=bypass; detail=signature",
      reason: "the token of the URL is not right: expired",
    });
    expect((await explain(`http://b${good}`)).reason).to.include("wrong-signature");
  });

  it("finds the site by the host of a full URL", async () => {
    await start([["shop.example"], ["blog.example"], []]);
    expect((await explain("http://BLOG.example:8081/a?b")).key).to.equal(
      "site-1 http://blog.example:8081/a?b",
    );
    expect((await explain("https://other.example/a")).key).to.equal("site-2 https://other.example/a");
    expect((await explain("/a")).key).to.equal("site-2 /a");
  });

  it("refuses what no client could ask, by field, rule and value", async () => {
    await start([["shop.example"], ["blog.example"]]);
    const URL = "http://shop.example/a";
    for (const [url, value] of [
      ["", '""'],
      ["a", '"a"'],
      ["/a\r\nb", '"/a\\r\\nb"'],
      ["/a%zz", '"/a%zz"'],
      [`/${"a".repeat(9_000)}`, `"/${"a".repeat(99)}…"`],
    ]) {
      expect(await problem(url ?? ""))
        .to.match(/^url: must be a path/)
        .and.contain(`: got ${value}`);
    }
    const sites = "url: must be a full URL with a host of one of the sites site-0, site-1: got";
    expect(await problem("/a")).to.equal(`${sites} "/a"`);
    expect(await problem("http://evil/a")).to.equal(`${sites} "http://evil/a"`);
    expect(await problem(URL, { "a b": "c" })).to.match(/^fields: each must have a token .*: got "a b: c"$/);
    expect(await problem(URL, { a: "b\r\nc" })).to.match(/^fields: .*: got "a: b\\r\\nc"$/);
    expect(await problem(URL, { a: "x".repeat(70_000) })).to.match(
      /^fields: must be small enough .* bytes"$/,
    );
  });
});
