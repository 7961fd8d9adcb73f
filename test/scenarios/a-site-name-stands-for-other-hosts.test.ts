import { expect } from "chai";
import type { Site } from "../../edge/origin/sites.ts";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

/** Two edges in the midst of a change of their configuration: the host of "shop" is another one at each of them. */
describe("a purge by URL where a site of the same name has other hosts", () => {
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: TestEdge[];

  const site = (name: string, host: string): Site => ({
    name,
    hosts: [host],
    origin: { kind: "http", url: origin.url },
  });

  async function start(...configured: readonly (readonly Site[])[]): Promise<void> {
    for (const [i, sites] of configured.entries()) {
      edges.push(await startTestEdge(origin.url, { id: `edge-${i + 1}`, purgeLog, sites }));
    }
  }

  beforeEach(async () => {
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=60"]], body: "a" } });
    purgeLog = new MemoryPurgeLog(systemClock);
    edges = [];
  });
  afterEach(async () => {
    for (const edge of edges) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });

  const fetched = (edge: TestEdge | undefined) =>
    get(edge?.url ?? "", "/a", { headers: { Host: "shop.example" } }).then((got) => got.header("x-cache"));
  const url = { $case: "url", url: "http://shop.example/a" } as const;

  it("reaches the page at each of them, and the receipts tell of the disagreement", async () => {
    await start(
      [site("shop", "shop.example"), site("blog", "blog.example")],
      [site("shop", "old.example"), site("store", "shop.example")],
    );
    for (const edge of edges) await fetched(edge);
    const { outcome, edges: receipts, detail } = await purge(edges[0]?.control ?? "", url);
    expect(outcome).to.equal("applied");
    expect(receipts.map(({ edge, objects, differs }) => [edge, objects, differs])).to.deep.equal([
      ["edge-1", 1, false],
      ["edge-2", 1, true],
    ]);
    expect(detail).to.equal("edge-2: configured with other sites, so the purge is of every site there");
    for (const edge of edges) expect(await fetched(edge)).to.equal("MISS");
  });

  it("is of the named site alone where they agree", async () => {
    const sites = [site("shop", "shop.example"), site("blog", "blog.example")];
    await start(sites, sites);
    const blog = () => get(edges[1]?.url ?? "", "/a", { headers: { Host: "blog.example" } });
    await blog();
    const { edges: receipts, detail } = await purge(edges[0]?.control ?? "", url);
    expect([receipts.some(({ differs }) => differs), detail]).to.deep.equal([false, ""]);
    expect((await blog()).header("x-cache")).to.equal("HIT");
  });
});
