import { expect } from "chai";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";

export function edgeFreezes(whole: WholeSystem): void {
  describe("an edge that freezes under load", () => {
    let system: RoutedSystem;
    before(async () => {
      system = await whole();
    }).timeout(60_000);

    it("is left, loses no request, and gets its traffic back when it goes on", async () => {
      const { nearest, router } = system;
      await using load = system.load();
      await load.more(100, ({ servedBy }) => servedBy === nearest.id);
      await nearest.stop();
      await router.until("the frozen edge is unreachable", (rows) =>
        rows.some(({ edge, state }) => edge === nearest.id && state === "unreachable"),
      );
      const leftAt = performance.now();
      await load.more(100);
      const later = load.asked.filter(({ sentAt }) => sentAt > leftAt);
      expect(later.map(({ servedBy }) => servedBy)).not.to.include(nearest.id);
      nearest.cont();
      await load.more(10, ({ servedBy }) => servedBy === nearest.id);
      await load.stop();
      expect(load.lost).to.deep.equal([]);
      for (const { servedBy, sentAt, ending } of load.asked) {
        // What had begun to arrive, or was just about to.
        if (ending === "cut") expect([servedBy, sentAt < leftAt]).to.deep.equal([nearest.id, true]);
      }
    }).timeout(60_000);
  });
}
