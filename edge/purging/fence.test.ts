import { expect } from "chai";
import fc from "fast-check";
import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import type { Purgeable } from "../store/purge-match.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import { Fence } from "./fence.ts";

const EPOCH = 7;
const at = (seq: number) => ({ epoch: EPOCH, seq });
const page: Purgeable = { site: "default", target: "/page?x=1", tags: ["news"], variance: undefined };
const everything: PurgeTarget = { kind: "everything" };

function purgeOf(target: PurgeTarget, soft = false): Purge {
  return { purgeId: "p", targets: [target], soft, by: "test" };
}

function storedWith(mark: FillMark): StoredResponse {
  return storedResponse(page.target, { tags: ["news"], mark });
}

describe("the fence: a fill", () => {
  let fence: Fence;

  beforeEach(() => {
    fence = new Fence();
  });

  const apply = (seq: number, target: PurgeTarget, softlyAt?: number) => {
    fence.begin(at(seq), purgeOf(target, softlyAt !== undefined), softlyAt);
    fence.end();
  };

  it("is overtaken by a purge that was applied after it began, and not by one before", () => {
    const before = fence.mark(at(4));
    apply(5, { kind: "url", target: "/page" });
    expect(fence.overtaken(before, page)).to.equal(true);
    expect(fence.overtaken(fence.mark(at(5)), page)).to.equal(false);
  });

  it("is overtaken by every tag while its fields have not come", () => {
    const before = fence.mark(at(0));
    apply(1, { kind: "tag", tag: "sport" });
    expect(fence.overtaken(before, page)).to.equal(false);
    expect(fence.overtaken(before, { ...page, tags: "unknown" })).to.equal(true);
  });

  it("is overtaken when it began before the oldest purge that is remembered, and not when it began with it", () => {
    fence = new Fence(2);
    for (const seq of [1, 2, 3]) apply(seq, { kind: "url", target: "/other" });
    expect(fence.overtaken(fence.mark(at(0)), page)).to.equal(true);
    expect(fence.overtaken(fence.mark(at(1)), page)).to.equal(false);
  });

  it("is overtaken by an invalidation at this edge that came after it began", () => {
    const before = fence.mark(at(1));
    fence.invalidate([{ kind: "url", target: "/page", site: "default" }]);
    expect([fence.overtaken(before, page), fence.removed(before, page)]).to.deep.equal([true, true]);
    expect(fence.overtaken(fence.mark(at(1)), page)).to.equal(false);
  });

  it("is removed by a hard purge and by a flush, and not by a soft purge", () => {
    const before = fence.mark(at(1));
    apply(2, { kind: "url", target: "/page" }, 100);
    expect([fence.overtaken(before, page), fence.removed(before, page)]).to.deep.equal([true, false]);
    apply(3, { kind: "url", target: "/page" });
    expect(fence.removed(before, page)).to.equal(true);
    const between = fence.mark(at(3));
    fence.flush();
    expect(fence.removed(between, page)).to.equal(true);
  });
});

describe("the fence: a stored response", () => {
  let fence: Fence;

  beforeEach(() => {
    fence = new Fence();
  });

  const purgedBy = (seq: number) => fence.purgedBy(storedWith({ ...fence.mark(at(seq)), flushes: 0 }));

  const softly = (seq: number, now: number, epoch = EPOCH) => {
    fence.begin({ epoch, seq }, purgeOf(everything, true), now);
    fence.end();
  };

  it("is purged from the moment at which a hard purge begins, until it has been dropped", () => {
    fence.begin(at(1), purgeOf({ kind: "url", target: "/page" }), undefined);
    expect(purgedBy(0)).to.equal("purged");
    fence.end();
    expect(purgedBy(0)).to.equal(undefined);
  });

  it("became stale by the first soft purge of everything that came after it", () => {
    expect(purgedBy(0)).to.equal(undefined);
    softly(3, 100);
    softly(8, 200);
    softly(0, 300, EPOCH + 2);
    expect([0, 2, 3, 7, 8, 9].map(purgedBy)).to.deep.equal([100, 100, 200, 200, 300, 300]);
  });

  it("is purged by a flush, which ends all that was known of soft purges", () => {
    softly(3, 100);
    fence.flush();
    expect(purgedBy(0)).to.equal("purged");
    expect(fence.purgedBy(storedWith(fence.mark(at(0))))).to.equal(undefined);
  });

  it("never became stale later than it did, however many soft purges there have been", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.nat(3_000), (count, filledAt) => {
        fence = new Fence();
        for (let seq = 1; seq <= count; seq += 1) softly(seq, 10 * seq);
        const since = purgedBy(filledAt);
        if (filledAt >= count) expect(since).to.equal(undefined);
        else {
          expect(since).to.be.at.most(10 * (filledAt + 1));
          if (count <= 1_000 || filledAt > count - 1_000) expect(since).to.equal(10 * (filledAt + 1));
        }
      }),
      { numRuns: 50 },
    );
  });
});
