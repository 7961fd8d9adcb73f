import { expect } from "chai";
import { get } from "../test/rig/http-client.ts";
import { RoutedEdge } from "../test/rig/routed-edge.ts";
import { startTestRouter, type TestRouter } from "../test/rig/test-router.ts";
import { routeQuery } from "./route-page.ts";

describe("GET /route.json", () => {
  let near: RoutedEdge;
  let dead: RoutedEdge;
  let router: TestRouter;

  before(async () => {
    near = await RoutedEdge.start("near");
    dead = await RoutedEdge.start("dead");
    router = await startTestRouter([near, dead], { policy: "owner" });
    await dead.stop();
    await router.logged("edge unreachable");
  });
  after(async () => {
    await router.running.stop();
    await near.stop();
  });

  it("tells the edge, why, and what is known of every other one", async () => {
    const page = JSON.parse((await get(router.admin, "/route.json?url=/a%3Fb&host=x&region=eu")).text);
    expect(page).to.deep.include({
      url: "/a?b",
      host: "x",
      policy: "owner",
      region: null,
      edge: "near",
      reason: "only",
      because: "no other edge is alive",
    });
    expect(page.candidates).to.have.length(1);
    expect(page.candidates[0]).to.deep.include({ edge: "near", httpAddress: near.httpAddress, share: 1 });
    expect(page.unreachable).to.have.length(1);
    expect(page.unreachable[0].edge).to.equal("dead");
  });

  it("refuses what is no request, saying why", async () => {
    for (const query of [
      "",
      "?url=a",
      "?url=/a&url=/b",
      "?url=/&host=a&host=b",
      "?url=/&region=a&region=b",
    ]) {
      const { status, text } = await get(router.admin, `/route.json${query}`);
      expect(status, query).to.equal(400);
      expect(JSON.parse(text).error).to.match(/^(url|host|region): must be /);
    }
  });

  it("takes neither a long URL nor a long host", () => {
    const longest = `/${"a".repeat(8191)}`;
    expect(routeQuery({ url: longest, host: "a".repeat(255) })).to.include({ target: longest });
    expect(() => routeQuery({ url: `${longest}a` })).to.throw(/^url: must be /);
    expect(() => routeQuery({ url: "/", host: "a".repeat(256) })).to.throw(/^host: must be /);
    expect(routeQuery({ url: "/a" })).to.deep.equal({
      method: "GET",
      host: "",
      target: "/a",
      region: undefined,
    });
  });

  it("stands beside the same figures in /edges.json and /metrics", async () => {
    const rows = JSON.parse((await get(router.admin, "/edges.json")).text);
    expect(rows[0]).to.deep.include({
      edge: "near",
      state: "serving",
      share: 1,
      ejected: false,
      loss: 0,
      underWay: 0,
    });
    expect(rows[1]).to.deep.include({ edge: "dead", state: "unreachable", share: 0, expectedMs: null });
    const { text } = await get(router.admin, "/metrics");
    expect(text).to.contain('edgecache_router_edge_share_ratio{edge="near"} 1\n');
    expect(text).to.match(/edgecache_router_edge_expected_seconds\{edge="near"\} \d/);
  });
});
