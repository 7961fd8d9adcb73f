import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { EventStream } from "../rig/event-stream.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";

describe("the dashboard of a router", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: TestEdge[];
  let router: TestRouter;
  const streams: EventStream[] = [];

  before(async () => {
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=600"]], body: "a" } });
    purgeLog = new MemoryPurgeLog(systemClock);
    edges = [
      await startTestEdge(origin.url, { id: "edge-1", purgeLog }),
      await startTestEdge(origin.url, { id: "edge-2", purgeLog }),
    ];
    const grpcAddresses = edges.map(({ control }) => control);
    router = await startTestRouter([], { edges: { kind: "listed", grpcAddresses } });
  });
  afterEach(() => {
    while (streams.length > 0) streams.pop()?.close();
  });
  after(async () => {
    await router.running.stop();
    for (const edge of edges) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });

  async function watch(): Promise<EventStream> {
    const stream = await EventStream.open(router.admin, "/live");
    streams.push(stream);
    return stream;
  }

  it("is a page with a strict policy, which nobody may frame", async () => {
    const page = await get(router.admin, "/");
    expect(page.status).to.equal(200);
    expect(page.header("content-type")).to.equal("text/html; charset=utf-8");
    expect(page.header("content-security-policy")).to.equal(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    );
    expect(page.header("x-content-type-options")).to.equal("nosniff");
    expect((await get(router.admin, "/", { headers: { Host: "rebound.example" } })).status).to.equal(421);
    const foreign = { headers: { Origin: "http://evil.example" } };
    expect((await get(router.admin, "/live", foreign)).status).to.equal(403);
    for (const path of ["/dashboard/", "/dashboard/..%2fdashboard.ts", "/dashboard/../dashboard.ts"])
      expect((await get(router.admin, path)).status, path).to.equal(404);
  });

  it("says who it is, and then each second what every edge does", async () => {
    const stream = await watch();
    expect(stream.message.headers["content-type"]).to.equal("text/event-stream");
    expect(await stream.event("hello")).to.include({ readOnly: false, demo: false, refresh_ms: 1000 });
    await get(edges[0]?.url ?? "", "/a");
    const counted = await stream.event(
      "fleet",
      ({ edges: [first] }) => first.stats?.requests >= 1 && first.stats.misses >= 1,
    );
    expect(counted.at).to.be.a("number");
    expect(counted.edges.map(({ edge, state }: never) => [edge, state])).to.deep.equal([
      ["edge-1", "serving"],
      ["edge-2", "serving"],
    ]);
    const [first] = counted.edges;
    expect(first).to.include.keys("rttMs", "leaseLeftMs", "position", "lagMs", "inFlight", "share", "why");
    expect(first.version).to.match(/^\d+\.\d+\.\d+/);
    expect(first.config).to.match(/^[0-9a-f]{16}$/);
  });

  it("tells of a purge, and of its receipts edge by edge", async () => {
    const stream = await watch();
    await stream.event("hello");
    const asked = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"urls":["/a"],"purgeId":"seen"}',
    };
    await get(edges[1]?.operator ?? "", "/purge", asked);
    const proven = await stream.event(
      "purge",
      ({ purgeId, edges: receipts }) =>
        purgeId === "seen" &&
        receipts.length === 2 &&
        receipts.every(({ state }: { state: string }) => state === "applied"),
    );
    expect(proven.targets).to.deep.equal([{ url: "/a" }]);
    // Somebody who comes later sees it too.
    const later = await watch();
    expect((await later.event("purge", ({ purgeId }) => purgeId === "seen")).edges).to.have.length(2);
  });
});
