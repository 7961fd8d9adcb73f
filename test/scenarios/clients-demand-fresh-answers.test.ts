import { expect } from "chai";
import { SAFE_RULES, type SiteRules } from "../../edge/rules/site-rules.ts";
import { Token } from "../../process/control/tokens.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const DEMANDS: readonly Readonly<Record<string, string>>[] = [
  { "Cache-Control": "no-cache" },
  { "Cache-Control": "no-store" },
  { "Cache-Control": "max-age=0" },
  { "Cache-Control": "min-fresh=3600" },
  { Pragma: "no-cache" },
  { "If-Match": '"a"' },
  { "If-Unmodified-Since": "Thu, 18 Aug 2050 02:01:18 GMT" },
];

describe("clients demand fresh answers", () => {
  let clock: ManualClock;
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    clock = new ManualClock();
    origin = await HttpOrigin.start();
    origin.answer("/", {
      fields: [
        ["Cache-Control", "max-age=60"],
        // No max-age=0 is content with it.
        ["Age", "5"],
        ["ETag", '"a"'],
      ],
      body: "page",
    });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const start = async (clientCacheControl: SiteRules["clientCacheControl"]) => {
    edge = await startTestEdge(origin.url, {
      clock,
      lease: 30_000,
      rules: { ...SAFE_RULES, clientCacheControl },
    });
    clock.advance(5_000);
    await get(edge.url, "/");
    clock.advance(5_000);
  };

  /** How many of 20 requests go to the origin. */
  const asked = async (headers: Readonly<Record<string, string>>) => {
    const before = origin.count();
    for (let i = 0; i < 20; i += 1) {
      expect((await get(edge.url, "/", { headers })).text).to.equal("page");
    }
    return origin.count() - before;
  };

  for (const demand of DEMANDS) {
    const [line = ""] = Object.entries(demand).map((each) => each.join(": "));
    it(`${line} goes to the origin always, once a second, or never, as the site says`, async () => {
      await start("obey");
      expect(await asked(demand)).to.equal(20);
      await edge.stop();
      await start("ignore");
      expect(await asked(demand)).to.equal(0);
      await edge.stop();
      await start("cap");
      expect(await asked(demand)).to.equal(1);
      clock.advance(1_000);
      expect(await asked(demand)).to.equal(1);
    });
  }

  describe("with a position of the purge log", () => {
    const FUTURE = "9000000000000000-0";
    const ask = (headers: Readonly<Record<string, string>>) =>
      get(edge.url, "/", { headers: { "EdgeCache-After": FUTURE, ...headers } });

    it("a future one is accepted from trusted networks only", async () => {
      edge = await startTestEdge(origin.url, { trustedProxies: ["127.0.0.1"] });
      expect((await ask({})).status).to.equal(200);
      const behind = await ask({ "X-Forwarded-For": "203.0.113.7" });
      expect([behind.status, behind.header("cache-status")]).to.deep.equal([
        403,
        "edge-1; fwd=bypass; detail=edgecache-after-ahead",
      ]);
      expect(origin.count()).to.equal(1);
    });

    it("a future one is accepted with the token, which the edge does not forward", async () => {
      const tokens = { token: new Token("secret"), readToken: undefined };
      edge = await startTestEdge(origin.url, { trustedProxies: ["192.0.2.1"], tokens });
      expect((await ask({ "EdgeCache-Token": "wrong" })).status).to.equal(403);
      expect((await ask({})).status).to.equal(403);
      expect((await ask({ "EdgeCache-Token": "secret" })).status).to.equal(200);
      const [seen] = origin.requests();
      expect([seen?.header("EdgeCache-Token"), seen?.header("EdgeCache-After")]).to.deep.equal([
        undefined,
        undefined,
      ]);
    });

    it("one that the edge has reached is accepted from every client", async () => {
      edge = await startTestEdge(origin.url, { trustedProxies: ["192.0.2.1"] });
      const { position } = await purge(edge.control, { $case: "url", url: "/" });
      expect((await ask({ "EdgeCache-After": position })).status).to.equal(200);
    });
  });
});
