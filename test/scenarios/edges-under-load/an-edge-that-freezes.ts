import { expect } from "chai";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";

// What the router promises: a second after an edge stood still nobody waits for it any more.
const LEFT_WITHIN_MS = 1_000;
// The next edge is 40 ms away, and what streams takes half a second; the rest is for a busy machine.
const AT_ONCE_MS = 1_000;
const BACK_WITHIN_MS = 5_000;

export function edgeFreezes(whole: WholeSystem): void {
  describe("an edge that freezes under load", () => {
    let system: RoutedSystem;
    before(async () => {
      system = await whole();
    }).timeout(60_000);

    it("is left within a second, loses no request, and gets its traffic back when it goes on", async () => {
      const { nearest, router } = system;
      await using load = system.load();
      await load.more(100, ({ servedBy }) => servedBy === nearest.id);
      await nearest.stop();
      const frozenAt = performance.now();
      const later = ({ sentAt }: { sentAt: number }) => sentAt > frozenAt + LEFT_WITHIN_MS;
      await load.more(100, later);
      const waited = load.asked.filter((one) => later(one) && one.endedAt - one.sentAt > AT_ONCE_MS);
      expect(waited).to.deep.equal([]);
      expect((await router.edges()).find(({ edge }) => edge === nearest.id)?.state).to.equal("unreachable");
      nearest.cont();
      const back = performance.now();
      await load.more(10, ({ servedBy }) => servedBy === nearest.id);
      expect(performance.now() - back).to.be.lessThan(BACK_WITHIN_MS);
      await load.stop();
      expect(load.lost).to.deep.equal([]);
      for (const { servedBy, sentAt, ending } of load.asked) {
        if (ending === "cut") expect([servedBy, sentAt < frozenAt]).to.deep.equal([nearest.id, true]);
      }
    }).timeout(30_000);
  });
}
