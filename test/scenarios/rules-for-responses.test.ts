import { expect } from "chai";
import type { SiteRules } from "../../edge/rules/site-rules.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { writtenRules } from "../rig/written-rules.ts";

describe("rules for responses", () => {
  let clock: ManualClock;
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    clock = new ManualClock();
    origin = await HttpOrigin.start();
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const start = async (yaml: string, rules: Partial<SiteRules> = {}) => {
    edge = await startTestEdge(origin.url, { clock, lease: 30_000, rules: writtenRules(yaml, rules) });
  };

  const says = (path: string, fields: Readonly<Record<string, string>>, status = 200) =>
    origin.answer(path, { status, fields: Object.entries(fields), body: "page" });

  const asks = async (target: string, fields: Readonly<Record<string, string>> = {}) => {
    const response = await get(edge.url, target, { headers: fields });
    return `${response.status} ${response.header("x-cache")}`;
  };

  it("ttl gives a page a lifetime, whatever lifetime the origin gave it", async () => {
    await start("rules:\n  - match: {path: /a/**}\n    ttl: 10m\n");
    says("/a/page", { "Cache-Control": "s-maxage=1", Expires: "0" });
    expect([await asks("/a/page"), await asks("/a/page")]).to.deep.equal(["200 MISS", "200 HIT"]);
    clock.advance(599_000);
    expect(await asks("/a/page")).to.equal("200 HIT");
    clock.advance(1_000);
    expect(await asks("/a/page")).to.equal("200 MISS");
  });

  it("stale-while-revalidate-if-missing is for what does not say how long it is fresh", async () => {
    await start("rules:\n  - {ttl-if-missing: 1m, stale-while-revalidate-if-missing: 10m}\n");
    says("/silent", {});
    says("/says", { "Cache-Control": "max-age=60" });
    says("/stale", { "Cache-Control": "max-age=0", ETag: '"1"' });
    for (const target of ["/silent", "/says", "/stale"]) await asks(target);
    expect(await asks("/stale")).not.to.include("STALE");
    clock.advance(61_000);
    expect(await asks("/silent")).to.equal("200 STALE");
    expect(await asks("/says")).to.equal("200 MISS");
  });

  it("ttl begins at this edge, although the response has been in another cache", async () => {
    await start("rules:\n  - ttl: 10m\n");
    says("/", { "Cache-Control": "max-age=5", Age: "3000" });
    await asks("/");
    expect((await get(edge.url, "/")).header("cache-status")).to.include("hit; ttl=600");
  });

  for (const refusal of ["no-store", "private", "no-cache"]) {
    it(`ttl does not share what says ${refusal}; override does`, async () => {
      await start("rules:\n  - {match: {path: /o}, ttl: {override: 10m}}\n  - ttl: 10m\n");
      says("/", { "Cache-Control": refusal });
      says("/o", { "Cache-Control": refusal });
      await asks("/");
      expect(await asks("/")).not.to.include("HIT");
      await asks("/o");
      expect(await asks("/o")).to.equal("200 HIT");
    });
  }

  it("override does not share a cookie, nor the answer to credentials", async () => {
    await start("rules:\n  - ttl: {override: 10m}\n");
    says("/cookie", { "Cache-Control": "no-store", "Set-Cookie": "a=1" });
    says("/own", { "Cache-Control": "private" });
    await asks("/cookie");
    expect(await asks("/cookie")).to.equal("200 MISS");
    await asks("/own", { Authorization: "Basic eA==" });
    expect(await asks("/own", { Authorization: "Basic eQ==" })).to.equal("200 MISS");
    await asks("/own", { Cookie: "session=1" });
    expect(await asks("/own", { Cookie: "session=2" })).to.equal("200 MISS");
  });

  it("ttl does not keep an error; negative-ttl does, by status", async () => {
    await start("rules:\n  - ttl: 10m\n    negative-ttl: {404: 1m, 5xx: 5s}\n");
    says("/gone", {}, 410);
    says("/missing", {}, 404);
    says("/broken", {}, 500);
    for (const path of ["/gone", "/missing", "/broken"]) await asks(path);
    expect(await asks("/gone")).to.equal("410 MISS");
    expect([await asks("/missing"), await asks("/broken")]).to.deep.equal(["404 HIT", "500 HIT"]);
    clock.advance(5_000);
    expect([await asks("/missing"), await asks("/broken")]).to.deep.equal(["404 HIT", "500 MISS"]);
    clock.advance(55_000);
    expect(await asks("/missing")).to.equal("404 MISS");
  });

  it("ttl-if-missing leaves a lifetime of the origin as it is", async () => {
    await start("rules:\n  - ttl-if-missing: 1h\n");
    says("/silent", {});
    says("/says", { "Cache-Control": "max-age=5" });
    await asks("/silent");
    await asks("/says");
    clock.advance(6_000);
    expect([await asks("/silent"), await asks("/says")]).to.deep.equal(["200 HIT", "200 MISS"]);
  });

  it("the first rule that says something of a matter decides it", async () => {
    await start(
      "rules:\n  - {match: {path: /a}, ttl: 5s}\n  - {ttl: 1h, stale-while-revalidate: 1h, tags: [x]}\n",
    );
    says("/a", {});
    await asks("/a");
    clock.advance(6_000);
    expect(await asks("/a")).to.equal("200 STALE");
  });

  it("browser-ttl is for clients, and the edge keeps the page for as long as the origin says", async () => {
    await start("rules:\n  - browser-ttl: 1m\n");
    says("/", { "Cache-Control": "max-age=3600, no-transform", Expires: "Thu, 01 Jan 2099 00:00:00 GMT" });
    for (const _ of ["miss", "hit"]) {
      const response = await get(edge.url, "/");
      expect([response.header("cache-control"), response.header("expires")]).to.deep.equal([
        "max-age=60, no-transform",
        undefined,
      ]);
    }
    clock.advance(3_000_000);
    expect(await asks("/")).to.equal("200 HIT");
  });

  it("stale-while-revalidate and stale-if-error hold although the origin says s-maxage", async () => {
    await start("rules:\n  - {stale-while-revalidate: 10s, stale-if-error: 1h}\n");
    says("/", { "Cache-Control": "s-maxage=5" });
    await asks("/");
    clock.advance(6_000);
    expect(await asks("/")).to.equal("200 STALE");
    await origin.received("/", 2);
    says("/", {}, 503);
    clock.advance(60_000);
    expect(await asks("/")).to.equal("200 STALE");
  });

  it("no-store by type and status keeps a response out of the cache", async () => {
    await start(
      "rules:\n  - {match: {type: text/html}, no-store: true}\n  - {match: {status: 3xx}, no-store: true}\n",
    );
    says("/page", { "Cache-Control": "max-age=60", "Content-Type": "text/html; charset=utf-8" });
    says("/moved", { "Cache-Control": "max-age=60", Location: "/" }, 301);
    says("/style", { "Cache-Control": "max-age=60", "Content-Type": "text/css" });
    for (const path of ["/page", "/moved", "/style"]) await asks(path);
    expect([await asks("/page"), await asks("/moved"), await asks("/style")]).to.deep.equal([
      "200 MISS",
      "301 MISS",
      "200 HIT",
    ]);
    expect((await get(edge.url, "/page")).header("cache-status")).to.include("detail=rule");
  });

  it("response-headers change what all clients get, and the edge reads them as if the origin had sent them", async () => {
    await start(
      "rules:\n  - response-headers: {set: {X-Frame-Options: DENY}, add: {Link: </b>}, remove: [Server, Vary]}\n",
    );
    says("/", { "Cache-Control": "max-age=5", Server: "x", Vary: "*", Link: "</a>", ETag: '"1"' });
    const shown = async () => {
      const response = await get(edge.url, "/");
      return ["x-cache", "x-frame-options", "link", "server", "vary"].map((name) => response.header(name));
    };
    const rest = ["DENY", "</a>, </b>", undefined, undefined];
    expect(await shown()).to.deep.equal(["MISS", ...rest]);
    expect(await shown()).to.deep.equal(["HIT", ...rest]);
    clock.advance(6_000);
    origin.answer("/", {
      status: 304,
      fields: [
        ["ETag", '"1"'],
        ["Server", "y"],
      ],
    });
    expect(await shown()).to.deep.equal(["REVALIDATED", ...rest]);
    expect(await shown()).to.deep.equal(["REVALIDATED", ...rest].with(0, "HIT"));
  });

  it("a 304 does not end what a rule says of the stored response", async () => {
    await start("rules:\n  - {match: {status: 200, type: text/*}, ttl: 10s, browser-ttl: 1s}\n");
    says("/", { "Content-Type": "text/plain", ETag: '"1"', "Cache-Control": "max-age=1" });
    await asks("/");
    clock.advance(11_000);
    origin.answer("/", { status: 304, fields: [["ETag", '"1"']] });
    expect(await asks("/")).to.equal("200 REVALIDATED");
    clock.advance(9_000);
    const response = await get(edge.url, "/");
    expect([response.header("x-cache"), response.header("cache-control")]).to.deep.equal([
      "HIT",
      "max-age=1",
    ]);
  });

  it("a response that a rule has shaped by a request field is not for requests without it", async () => {
    await start("rules:\n  - {match: {header: {X-Beta: '1'}}, response-headers: {set: {X-Seen: beta}}}\n");
    says("/", { "Cache-Control": "max-age=60" });
    const seen = async (fields: Readonly<Record<string, string>>) => {
      const response = await get(edge.url, "/", { headers: fields });
      return [response.header("x-cache"), response.header("x-seen")];
    };
    expect(await seen({ "X-Beta": "1" })).to.deep.equal(["MISS", "beta"]);
    expect(await seen({})).to.deep.equal(["MISS", undefined]);
    expect(await seen({ "X-Beta": "1" })).to.deep.equal(["HIT", "beta"]);
    expect(await seen({ "X-Beta": "2" })).to.deep.equal(["HIT", undefined]);
  });
});
