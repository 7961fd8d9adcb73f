import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { writtenRules } from "../rig/written-rules.ts";

const URLS = Array.from({ length: 1_000 }, (_, at) => ({ $case: "url" as const, url: `/p/${at}` }));

describe("a purge of a thousand URLs that rules rewrite in many ways", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let edges: TestEdge[];

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    edges = [];
  });

  afterEach(async () => {
    await Promise.all(edges.map((edge) => edge.stop()));
    await origin.stop();
  });

  const start = async (rewrites: number): Promise<void> => {
    const rules = Array.from(
      { length: rewrites },
      (_, of) => `  - {match: {header: {X-Of: "${of}"}}, rewrite: "/of${of}{path}"}\n`,
    );
    const purgeLog = new MemoryPurgeLog(systemClock);
    for (const id of ["edge-1", "edge-2"]) {
      const site = writtenRules(`rules:\n${rules.join("")}`);
      edges.push(await startTestEdge(origin.url, { id, purgeLog, lease: 30_000, rules: site }));
    }
    const fields = [["Cache-Control", "max-age=600"]] as const;
    for (const path of ["/p/7", "/of3/p/7", "/p/7000", "/other"]) origin.answer(path, { fields, body: path });
  };

  const PAGES = [["/p/7"], ["/p/7", "3"], ["/p/7000"], ["/other"]] as const;

  /** At each edge, of a page that is purged, the same by a rule, and two that are not named. */
  const caches = () =>
    Promise.all(
      edges.map(async ({ url }) => {
        const seen: (string | undefined)[] = [];
        for (const [target, of = "none"] of PAGES)
          seen.push((await get(url, target, { headers: { "X-Of": of } })).header("x-cache"));
        return seen.join(" ");
      }),
    );

  const both = (seen: string) => [seen, seen];

  const counted = async (how: { readonly dryRun?: boolean }) =>
    (await purge(edges[0]?.control ?? "", URLS, how)).edges.map(({ objects }) => objects);

  it("covers these alone while they are not too many, at every edge and in a dry run", async () => {
    await start(5);
    await caches();
    expect(await counted({ dryRun: true })).to.deep.equal([2]);
    expect(await caches()).to.deep.equal(both("HIT HIT HIT HIT"));
    expect(await counted({})).to.deep.equal([2, 2]);
    expect(await caches()).to.deep.equal(both("MISS MISS HIT HIT"));
  });

  it("covers the site when they are too many, at every edge and in a dry run", async () => {
    await start(6);
    await caches();
    expect(await counted({ dryRun: true })).to.deep.equal([4]);
    expect(await caches()).to.deep.equal(both("HIT HIT HIT HIT"));
    expect(await counted({})).to.deep.equal([4, 4]);
    expect(await caches()).to.deep.equal(both("MISS MISS MISS MISS"));
  });
});
