import { expect } from "chai";
import { DistantEdge } from "../../rig/distant-edge.ts";
import { HeartbeatTable } from "../../rig/heartbeat-table.ts";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";
import { RouterProcess } from "../../rig/router-process.ts";
import { SteadyLoad } from "../../rig/steady-load.ts";

const NEAR_MS = 5;
// So far that no pause of a busy machine makes it look near. How soon routers follow is shown in virtual time, in
// test/simulation-router.
const FAR_MS = 300;
const CLIENTS = [["/small"], ["/small"], ["/small"], ["/small"]];

export function edgesMove(whole: WholeSystem): void {
  describe("edges whose distances change while the router runs", () => {
    const parts = new AsyncDisposableStack();
    const edges: DistantEdge[] = [];
    let system: RoutedSystem;
    let router: RouterProcess;
    before(async () => {
      system = await whole();
      const redis = `${system.redis.url}/1`;
      const table = parts.adopt(new HeartbeatTable(redis), (it) => it.close());
      for (const process of system.equals) {
        const edge = parts.adopt(await DistantEdge.start(process), (it) => it.stop());
        edges.push(edge);
        await table.add(edge.id, edge.grpcAddress, edge.httpAddress);
      }
      router = parts.adopt(await RouterProcess.start(["--redis", redis]), (it) => it.close());
    }).timeout(60_000);
    after(() => parts.disposeAsync());

    it("are followed by every client, each time by one switch", async () => {
      const [one, two] = edges;
      if (one === undefined || two === undefined) throw new Error("there are two edges");
      one.distanceMs = NEAR_MS;
      two.distanceMs = FAR_MS;
      await using load = SteadyLoad.start(router.base, system.pages, CLIENTS);
      await load.more(20);
      await router.settlesOn(one.id);
      for (const [near, far] of [
        [two, one],
        [one, two],
      ] as const) {
        const changedAt = performance.now();
        near.distanceMs = NEAR_MS;
        far.distanceMs = FAR_MS;
        const { sawLoad } = await router.settlesOn(near.id);
        const settledAt = performance.now();
        await load.more(40);
        const later = load.asked.filter(({ sentAt }) => sentAt > settledAt);
        expect(new Set(later.map(({ servedBy }) => servedBy))).to.deep.equal(new Set([near.id]));
        // Requests leave a loaded edge gradually, so a client may go back and forth: the rule is about calm edges.
        if (!sawLoad) expect(Math.max(...load.switchesSince(changedAt))).to.equal(1);
      }
      await load.stop();
      expect(load.broken).to.deep.equal([]);
    }).timeout(90_000);
  });
}
