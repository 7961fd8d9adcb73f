import { expect } from "chai";
import type { EdgeProcess } from "../../rig/edge-process.ts";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";

const JOINS_WITHIN_MS = 2_000;
// A lease of a second, and what is left of a heartbeat's time limit.
const LAPSE_WITHIN_MS = 3_000;
// The longest pause between two tries to reach Redis, and a look into the table.
const SEEN_AGAIN_WITHIN_MS = 3_000;

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
      const began = performance.now();
      await load.more(1, ({ servedBy }) => servedBy === newcomer.id);
      expect(performance.now() - began).to.be.lessThan(JOINS_WITHIN_MS);

      await redis.kill();
      const left = newcomer.close();
      // Without Redis their leases run out: they ask the origin about all that they hold, and go on.
      await router.until((rows) => rows.every(({ state }) => state !== "serving"), LAPSE_WITHIN_MS);
      expect(await left).to.equal(0);
      await load.more(50);
      expect((await router.edges()).length).to.equal(edges.length + 1);

      await redis.restart("without data");
      await router.until(
        (rows) => rows.length === edges.length && rows.every(({ state }) => state === "serving"),
        SEEN_AGAIN_WITHIN_MS,
      );
      await load.more(50);
      await load.stop();
      expect(load.broken).to.deep.equal([]);
    }).timeout(60_000);
  });
}
