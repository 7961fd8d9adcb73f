import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

describe("an edge whose memory is short", () => {
  it("serves hits, refuses what needs the origin with Retry-After, and goes on when there is room", async () => {
    const origin = await HttpOrigin.start();
    for (const path of ["/a", "/b"])
      origin.answer(path, { fields: [["Cache-Control", "max-age=60"]], body: path });
    let rss = 0;
    const heap = { allowGarbage: () => undefined, beFrugal: () => undefined, collect: () => undefined };
    const edge = await startTestEdge(origin.url, {
      processMemory: { promised: 2 ** 30, rss: () => rss, heap },
    });
    try {
      expect((await get(edge.url, "/a")).text).to.equal("/a");
      rss = 2 ** 30;
      await until(
        "a miss is refused",
        async () => (await get(edge.url, `/c${Math.random()}`)).status === 503,
      );
      const refused = await get(edge.url, "/b");
      expect([refused.status, refused.header("retry-after")]).to.deep.equal([503, "1"]);
      expect(refused.header("cache-status")).to.contain("detail=memory-short");
      const hit = await get(edge.url, "/a");
      expect([hit.status, hit.header("x-cache")]).to.deep.equal([200, "HIT"]);
      expect(origin.count("/b")).to.equal(0);
      expect(await (await fetch(`${edge.operator}/metrics`)).text()).to.match(
        /edgecache_edge_requests_shed_total\{edge="edge-1"\} [1-9]/,
      );
      rss = 0;
      await until("a miss is answered", async () => (await get(edge.url, "/b")).status === 200);
    } finally {
      await edge.stop();
      await origin.stop();
    }
  });

  it("refuses nothing after its start for want of the memory that loading it took", async () => {
    const origin = await HttpOrigin.start();
    const edge = new EdgeProcess({ id: "small", origin: origin.url, flags: ["--memory", "1MiB"] });
    try {
      await edge.launch();
      const statuses = new Set<number>();
      for (let i = 0; i < 100; i++)
        statuses.add((await get(`http://127.0.0.1:${edge.httpPort}`, `/${i}`)).status);
      expect([...statuses]).to.deep.equal([404]);
    } finally {
      await edge.close();
      await origin.stop();
    }
  });
});
