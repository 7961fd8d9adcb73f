import { expect } from "chai";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";

export function edgesAreKilled(whole: WholeSystem): void {
  describe("edges that are killed under load", () => {
    let system: RoutedSystem;
    before(async () => {
      system = await whole();
    }).timeout(60_000);

    it("lose no request while one is left: only what had begun to arrive is cut, visibly", async () => {
      const { nearest } = system;
      await using load = system.load();
      await load.more(100, ({ servedBy }) => servedBy === nearest.id);
      await nearest.kill();
      const killedAt = performance.now();
      await load.more(100, ({ servedBy }) => servedBy !== nearest.id);
      await load.stop();
      expect(load.lost).to.deep.equal([]);
      for (const { servedBy, sentAt, ending } of load.asked) {
        if (ending === "cut") expect([servedBy, sentAt < killedAt]).to.deep.equal([nearest.id, true]);
      }
    }).timeout(60_000);

    it("leave the router nothing to say but 503, until one comes back", async () => {
      const { edges, nearest, router } = system;
      await Promise.all(edges.map((edge) => edge.kill()));
      await router.until("all are unreachable", (rows) => rows.every(({ state }) => state === "unreachable"));
      const response = await fetch(`${router.base}/small`);
      await response.arrayBuffer();
      expect(response.status).to.equal(503);
      expect(Number(response.headers.get("retry-after"))).to.be.within(1, 60);
      expect(response.headers.get("proxy-status")).to.match(/^\S+; error=[a-z_]+/);

      await nearest.launch();
      await router.until("one serves", (rows) => rows.some(({ state }) => state === "serving"));
      await using load = system.load();
      await load.more(20, ({ servedBy }) => servedBy === nearest.id);
      await load.stop();
      expect(load.lost).to.deep.equal([]);
    }).timeout(60_000);
  });
}
