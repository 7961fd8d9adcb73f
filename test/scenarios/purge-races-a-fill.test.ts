import { expect } from "chai";
import type { PurgeTarget } from "../../proto/gen/edgecache/v1/edge.ts";
import type { Gate } from "../rig/gate.ts";
import { get } from "../rig/http-client.ts";
import { type HoldPoint, HttpOrigin, type Reply } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

type Target = NonNullable<PurgeTarget["target"]>;

const TARGETS: readonly (readonly [string, Target])[] = [
  ["its url", { $case: "url", url: "/page" }],
  ["a prefix of it", { $case: "prefix", prefix: "/pa" }],
  ["its tag", { $case: "tag", tag: "news" }],
  ["everything", { $case: "everything", everything: true }],
];

/** The origin's content changes from old to new between the fetch and the purge: the old bytes must not last. */
describe("a purge that overtakes a fill", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let version: string;

  beforeEach(async () => {
    version = "old";
    origin = await HttpOrigin.start();
    edge = await startTestEdge(origin.url);
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const page = (cacheControl: string, validated: boolean): void => {
    origin.answer("/page", (request): Reply => {
      const etag = `"${version}"`;
      const fields: [string, string][] = [
        ["Cache-Control", cacheControl],
        ["Cache-Tag", "news"],
        ["ETag", etag],
      ];
      if (validated && request.header("if-none-match") === etag) return { status: 304, fields };
      return { fields, body: `the ${version} page` };
    });
  };

  const changeAndPurge = async (target: Target, gate: Gate): Promise<void> => {
    version = "new";
    expect((await purge(edge.control, target)).outcome).to.equal("applied");
    gate.open();
  };

  for (const [name, target] of TARGETS) {
    for (const point of ["fields", "body"] satisfies HoldPoint[]) {
      it(`of ${name}, while the origin's ${point} are on their way: the next request gets the new version`, async () => {
        page("max-age=60", false);
        const gate = origin.hold("/page", point);
        const waiting = get(edge.url, "/page");
        await origin.received("/page");
        await changeAndPurge(target, gate);
        expect((await waiting).text).to.equal("the old page");
        const next = await get(edge.url, "/page");
        expect([next.text, next.header("x-cache")]).to.deep.equal(["the new page", "MISS"]);
      });
    }

    it(`of ${name}, while a 304 is on its way: the next request gets the new version`, async () => {
      page("max-age=0", true);
      await get(edge.url, "/page");
      const gate = origin.hold("/page", "fields");
      const waiting = get(edge.url, "/page");
      await origin.received("/page", 2);
      await changeAndPurge(target, gate);
      expect((await waiting).text).to.equal("the old page");
      expect((await get(edge.url, "/page")).text).to.equal("the new page");
      expect(origin.requests("/page").at(-1)?.header("if-none-match")).to.not.equal('"new"');
    });

    it(`of ${name}, while a refresh goes on behind a stale answer: the next request gets the new version`, async () => {
      page("max-age=0, stale-while-revalidate=60", true);
      await get(edge.url, "/page");
      const gate = origin.hold("/page", "fields");
      expect((await get(edge.url, "/page")).header("x-cache")).to.equal("STALE");
      await origin.received("/page", 2);
      await changeAndPurge(target, gate);
      expect((await get(edge.url, "/page")).text).to.equal("the new page");
    });
  }

  it("does not let a request that comes after it join the fill, and stores the newer fill only", async () => {
    page("max-age=60", false);
    const gate = origin.hold("/page", "fields");
    const before = get(edge.url, "/page");
    await origin.received("/page");
    version = "new";
    await purge(edge.control, { $case: "url", url: "/page" });
    const after = get(edge.url, "/page");
    await origin.received("/page", 2);
    gate.open();
    expect((await before).text).to.equal("the old page");
    expect((await after).text).to.equal("the new page");
    expect((await get(edge.url, "/page")).header("x-cache")).to.equal("HIT");
  });

  it("does not disturb the fill when it purges something else", async () => {
    page("max-age=60", false);
    const gate = origin.hold("/page", "fields");
    const waiting = get(edge.url, "/page");
    await origin.received("/page");
    await purge(edge.control, { $case: "url", url: "/other" });
    gate.open();
    await waiting;
    expect((await get(edge.url, "/page")).header("x-cache")).to.equal("HIT");
  });

  it("softly keeps what it covers as a validator, which the origin confirms", async () => {
    page("max-age=60", true);
    await get(edge.url, "/page");
    const { edges } = await purge(edge.control, { $case: "tag", tag: "news" }, { soft: true });
    expect(edges[0]?.objects).to.equal(1);
    expect((await stats(edge.control)).objects).to.equal(1);
    expect((await get(edge.url, "/page")).header("x-cache")).to.equal("REVALIDATED");
    expect((await get(edge.url, "/page")).header("x-cache")).to.equal("HIT");
  });
});
