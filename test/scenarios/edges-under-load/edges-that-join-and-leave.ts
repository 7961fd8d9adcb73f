import { expect } from "chai";
import type { EdgeProcess } from "../../rig/edge-process.ts";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";

export function edgesJoinAndLeave(whole: WholeSystem): void {
  describe("the edges that a router finds through Redis", () => {
    let system: RoutedSystem;
    let newcomer: EdgeProcess;
    before(async () => {
      system = await whole();
      newcomer = system.newcomer("edge-4");
    }).timeout(60_000);
    after(() => newcomer.kill());

    it("join, stay while Redis is away, and may leave meanwhile: no request is lost over it", async () => {
      const { redis, edges, router } = system;
      await using load = system.load();
      await newcomer.launch();
      await load.more(1, ({ servedBy }) => servedBy === newcomer.id);

      await redis.kill();
      const left = newcomer.close();
      // Without Redis their leases run out: they revalidate all that they hold, and go on.
      await router.until("all leases have run out", (rows) => rows.every(({ state }) => state !== "serving"));
      expect(await left).to.equal(0);
      await load.more(50);
      expect((await router.edges()).length).to.equal(edges.length + 1);

      await redis.restart("without data");
      await router.until(
        "those that are left serve again",
        (rows) => rows.length === edges.length && rows.every(({ state }) => state === "serving"),
      );
      await load.more(50);
      await load.stop();
      expect(load.broken).to.deep.equal([]);
    }).timeout(90_000);
  });
}
