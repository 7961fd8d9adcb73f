import { expect } from "chai";
import { DistantEdge } from "../../rig/distant-edge.ts";
import { HeartbeatTable } from "../../rig/heartbeat-table.ts";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";
import { RouterProcess } from "../../rig/router-process.ts";
import { SteadyLoad } from "../../rig/steady-load.ts";

const NEAR_MS = 5;
const FAR_MS = 60;
const FOLLOWS_WITHIN_MS = 2_000;
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

    it("are followed within two seconds, each time by one switch", async () => {
      const [one, two] = edges;
      if (one === undefined || two === undefined) throw new Error("there are two edges");
      one.distanceMs = NEAR_MS;
      two.distanceMs = FAR_MS;
      await using load = SteadyLoad.start(router.base, system.pages, CLIENTS);
      await load.more(60, ({ servedBy }) => servedBy === one.id);
      for (const [near, far] of [
        [two, one],
        [one, two],
      ] as const) {
        near.distanceMs = NEAR_MS;
        far.distanceMs = FAR_MS;
        const changedAt = performance.now();
        await load.more(40, ({ servedBy }) => servedBy === near.id);
        expect(load.leftAt(far.id) - changedAt).to.be.lessThan(FOLLOWS_WITHIN_MS);
        expect(load.switchesSince(changedAt)).to.equal(1);
      }
      await load.stop();
      expect(load.broken).to.deep.equal([]);
    })
      .timeout(30_000)
      // Other test files keep the processors busy meanwhile, and a process that gets none follows nothing.
      .retries(2);
  });
}
