import { expect } from "chai";
import { SAFE_RULES, type SiteRules } from "../../edge/rules/site-rules.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("private responses are not shared", () => {
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

  const start = async (rules: Partial<SiteRules> = {}) => {
    const all = { ...SAFE_RULES, ...rules };
    edge = await startTestEdge(origin.url, { clock, lease: 30_000, rules: all });
  };

  /** Each client that asks gets another cookie. */
  const handOutSessions = (cacheControl: string) => {
    let sessions = 0;
    origin.answer("/", () => {
      sessions += 1;
      return {
        fields: [
          ["Cache-Control", cacheControl],
          ["Set-Cookie", `session=${sessions}`],
        ],
        body: "page",
      };
    });
  };

  const cookiesOf = async (times: number) => {
    const cookies: (string | undefined)[] = [];
    for (let i = 0; i < times; i += 1) cookies.push((await get(edge.url, "/")).header("set-cookie"));
    return cookies;
  };

  it("a session goes to the client that it was made for, although the page is fresh for a minute", async () => {
    await start();
    handOutSessions("public, max-age=60");
    expect(await cookiesOf(3)).to.deep.equal(["session=1", "session=2", "session=3"]);
    expect((await get(edge.url, "/")).header("cache-status")).to.include("detail=set-cookie");
  });

  it("a page is shared without the session where the site strips it", async () => {
    await start({ setCookie: "strip" });
    handOutSessions("max-age=60");
    expect(await cookiesOf(3)).to.deep.equal(["session=1", undefined, undefined]);
    expect(origin.count("/")).to.equal(1);
  });

  it("a page is shared with the session where the site obeys RFC 9111", async () => {
    await start({ setCookie: "obey" });
    handOutSessions("max-age=60");
    expect(await cookiesOf(2)).to.deep.equal(["session=1", "session=1"]);
  });

  it("a session that a 304 brings goes to the client that asked, and not into the store", async () => {
    await start();
    origin.answer("/", (request) =>
      request.header("If-None-Match") !== undefined
        ? {
            status: 304,
            fields: [
              ["Cache-Control", "max-age=60"],
              ["ETag", '"a"'],
              ["Set-Cookie", "session=9"],
            ],
          }
        : {
            fields: [
              ["Cache-Control", "max-age=1"],
              ["ETag", '"a"'],
            ],
            body: "page",
          },
    );
    expect(await cookiesOf(1)).to.deep.equal([undefined]);
    clock.advance(2_000);
    const replies = [await get(edge.url, "/"), await get(edge.url, "/")];
    expect(replies.map((reply) => [reply.header("x-cache"), reply.header("set-cookie")])).to.deep.equal([
      ["REVALIDATED", "session=9"],
      ["HIT", undefined],
    ]);
  });

  it("a response to a client with a cookie does not go to clients without one, and a public response does", async () => {
    await start();
    let cacheControl = "max-age=60";
    origin.answer("/", (request) => ({
      fields: [["Cache-Control", cacheControl]],
      body: `for ${request.header("Cookie") ?? "all"}`,
    }));
    const text = async (cookie?: string) =>
      (await get(edge.url, "/", cookie === undefined ? {} : { headers: { Cookie: cookie } })).text;
    expect([await text("me"), await text("you"), await text()]).to.deep.equal([
      "for me",
      "for you",
      "for all",
    ]);
    expect(await text("me")).to.equal("for all");
    cacheControl = "public, max-age=60";
    clock.advance(61_000);
    expect([await text("me"), await text()]).to.deep.equal(["for me", "for me"]);
  });

  it("an error is kept for ten seconds, and not a moment longer, where it says that it is for all", async () => {
    await start();
    let status = 503;
    origin.answer("/", () => ({ status, fields: [["Cache-Control", "s-maxage=3600"]], body: "x" }));
    expect((await get(edge.url, "/")).status).to.equal(503);
    status = 200;
    clock.advance(9_000);
    expect((await get(edge.url, "/")).status).to.equal(503);
    clock.advance(1_000);
    expect((await get(edge.url, "/")).status).to.equal(200);
  });

  it("a compressed body goes only to clients that accept it, where the origin forgets Vary", async () => {
    await start();
    origin.answer("/", (request) => {
      const coded = request.header("Accept-Encoding")?.includes("br") === true;
      return {
        fields: [["Cache-Control", "max-age=60"], ...(coded ? ([["Content-Encoding", "br"]] as const) : [])],
        body: coded ? "coded" : "plain",
      };
    });
    const text = async (accepted: string) =>
      (await get(edge.url, "/", { headers: { "Accept-Encoding": accepted } })).text;
    expect([await text("br"), await text("gzip, br"), await text("gzip")]).to.deep.equal([
      "coded",
      "coded",
      "plain",
    ]);
    expect(origin.count("/")).to.equal(2);
  });
});
