import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { EventStream } from "../rig/event-stream.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { RoutedEdge } from "../rig/routed-edge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

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

  it("shows requests as edges answer them, and what is asked for most, of all edges together", async () => {
    const stream = await watch();
    await stream.event("fleet", ({ edges: rows }) =>
      rows.every(({ stats }: { stats: unknown }) => stats !== null),
    );
    const hostile = "/%3Cimg%20onerror=alert(1)%3E?data:event:purge";
    const isHostile = ({ url }: { url: string }) => url.includes("onerror");
    const seen = stream.event("requests", ({ requests }) => requests.some(isHostile));
    let isSeen = false;
    void seen.then(() => {
      isSeen = true;
    });
    await until("a request is shown", async () => {
      for (const edge of edges) await get(edge.url, hostile, { headers: { Host: "shop.example" } });
      return isSeen;
    });
    const { edge, requests } = await seen;
    expect(edge).to.match(/^edge-[12]$/);
    expect(requests[0]).to.include.keys("time", "url", "cacheStatus", "durationMs", "reason", "mend");
    expect(requests[0]).to.include({ method: "GET", status: 404, outcome: "miss" });
    const top = await stream.event("top", ({ by }) => by.misses.some(isHostile));
    expect(Object.keys(top.by)).to.deep.equal(["requests", "bytes", "slowest", "misses"]);
    expect(top.by.misses.filter(isHostile)).to.have.length(1);
  });

  it("shows the whole fleet and every purge at each of several routers", async () => {
    const grpcAddresses = edges.map(({ control }) => control);
    const other = await startTestRouter([], { edges: { kind: "listed", grpcAddresses } });
    const there = await EventStream.open(other.admin, "/live");
    streams.push(there);
    try {
      const here = await watch();
      const answer = await get(other.admin, "/dashboard/purge", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ urls: ["/elsewhere"], purgeId: "by-the-other" }),
      });
      expect(answer.status, answer.text).to.equal(200);
      for (const stream of [here, there]) {
        const { edges: shown } = await stream.event("fleet", ({ edges: rows }) => rows.length === 2);
        expect(shown.map(({ edge }: { edge: string }) => edge)).to.deep.equal(["edge-1", "edge-2"]);
        const row = await stream.event("purge", ({ purgeId }) => purgeId === "by-the-other");
        expect(row.edges).to.have.length(2);
      }
    } finally {
      await other.running.stop();
    }
  });

  it("asks no edge while nobody watches", async () => {
    const edge = await RoutedEdge.start("quiet");
    const other = await startTestRouter([edge]);
    try {
      expect(edge.watchers).to.equal(0);
      const [first, second] = [
        await EventStream.open(other.admin, "/live"),
        await EventStream.open(other.admin, "/live"),
      ];
      await until("the edge is watched", () => edge.watchers === 1);
      first.close();
      await second.event("fleet");
      expect(edge.watchers).to.equal(1);
      second.close();
      await until("nobody asks it", () => edge.watchers === 0);
    } finally {
      await other.running.stop();
      await edge.stop();
    }
  });

  it("tells of an edge that goes, and shows it again when it is back", async () => {
    const edge = await RoutedEdge.start("shaky");
    const other = await startTestRouter([edge]);
    const stream = await EventStream.open(other.admin, "/live");
    const shows = (wanted: string) => stream.event("fleet", ({ edges: [row] }) => row.state === wanted);
    try {
      await until("the edge is watched", () => edge.watchers === 1);
      edge.stopGrpc();
      expect(await stream.event("lost")).to.deep.include({ edge: "shaky" });
      expect((await shows("down")).edges[0].why).to.be.a("string");
      stream.clear();
      await edge.startGrpc();
      await shows("serving");
      await until("the edge is watched again", () => edge.watchers === 1);
    } finally {
      stream.close();
      await other.running.stop();
      await edge.stop();
    }
  });

  it("explains a URL at every edge, and says what is wrong with the question", async () => {
    const explained = await get(router.admin, "/dashboard/explain?url=/a&field=Accept-Encoding:gzip");
    const rows = JSON.parse(explained.text);
    expect(rows.map(({ edge }: { edge: string }) => edge)).to.deep.equal(["edge-1", "edge-2"]);
    expect(rows[0]).to.include.keys("key", "next", "reason", "variants");
    for (const query of ["", "?url=/a&url=/b", "?url=/a&field=x"]) {
      const refused = await get(router.admin, `/dashboard/explain${query}`);
      expect([refused.status, JSON.parse(refused.text).status], query).to.deep.equal([400, 400]);
    }
  });

  it("purges, once tried dry, and the answer has the receipts", async () => {
    const purge = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
      get(router.admin, "/dashboard/purge", {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
    for (const { url } of edges) await get(url, "/a");
    const dry = JSON.parse((await purge({ all: true, dryRun: true })).text);
    expect(dry.edges.map(({ edge }: { edge: string }) => edge)).to.deep.equal(["edge-1", "edge-2"]);
    expect(Math.min(...dry.edges.map(({ bytes }: { bytes: number }) => bytes))).to.be.above(0);
    expect((await get(edges[0]?.url ?? "", "/a")).header("x-cache")).to.equal("HIT");
    const done = await purge({ urls: ["/a"], purgeId: "from-the-page" });
    expect(done.status).to.equal(200);
    expect(JSON.parse(done.text)).to.deep.include({ purgeId: "from-the-page", outcome: "applied" });
    expect((await get(edges[1]?.url ?? "", "/a")).header("x-cache")).to.equal("MISS");
    expect((await purge({ urls: ["no-path"] })).status).to.equal(400);
    expect((await purge({ urls: ["/a"] }, { "Content-Type": "text/plain" })).status).to.equal(415);
    expect((await purge({ urls: ["/a"] }, { Origin: "http://evil.example" })).status).to.equal(403);
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
