import { expect } from "chai";
import fc from "fast-check";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { covers, type Purgeable } from "../store/purge-match.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import { Fence } from "./fence.ts";
import { named } from "./named-target.ts";

const EPOCH = 7;
const at = (seq: number) => ({ epoch: EPOCH, seq });
const page: Purgeable = { site: "default", target: "/page?x=1", tags: ["news"], variance: undefined };
const everything: PurgeTarget = { kind: "everything" };

function storedWith(mark: FillMark): StoredResponse {
  return storedResponse(page.target, { tags: ["news"], mark });
}

describe("the fence: a fill", () => {
  let fence: Fence;

  beforeEach(() => {
    fence = new Fence();
  });

  const apply = (seq: number, target: PurgeTarget, softlyAt?: number) => {
    fence.begin(at(seq), [named(target)], softlyAt)();
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

  it("is overtaken when it is older than what is remembered, and not when it is as old", () => {
    const release = fence.hold(fence.mark(at(0)));
    const most = 1024 * 1024;
    fence = new Fence(most);
    // What is forgotten at once.
    let seq = 0;
    const before = () => fence.overtaken(fence.mark(at(0)), page);
    while (!before() && seq < 1_000_000) {
      seq += 1;
      apply(seq, { kind: "url", target: `/other/${seq}` });
      expect(fence.bytes).to.be.at.most(most);
    }
    expect(seq).to.be.within(1_000, 20_000);
    const oldest = Array.from({ length: seq }, (_, n) => n).find(
      (n) => !fence.overtaken(fence.mark(at(n)), page),
    );
    expect(oldest).to.be.within(1, seq);
    expect(fence.overtaken(fence.mark(at((oldest ?? 0) - 1)), page)).to.equal(true);
    release();
  });

  it("keeps everything remembered that came after it, while it is under way, and no longer", () => {
    const long = 300_000;
    fence = new Fence(1024 * 1024);
    const later = fence.mark(at(long));
    for (let seq = 1; seq <= long; seq += 1) apply(seq, { kind: "url", target: `/other/${seq}` });
    const release = fence.hold(later);
    const { bytes } = fence;
    apply(long + 1, { kind: "url", target: "/page" });
    expect(fence.overtaken(later, page)).to.equal(true);
    expect(fence.overtaken(later, { ...page, target: "/other/1" })).to.equal(false);
    expect(fence.bytes).to.be.at.most(bytes + 1_000_000);
    release();
  });

  it("takes a bounded number of steps, however much is remembered", () => {
    fence = new Fence(1024 ** 3);
    const release = fence.hold(fence.mark(at(0)));
    for (let seq = 1; seq <= 1_000; seq += 1) {
      const targets = Array.from({ length: 100 }, (_, n): PurgeTarget[] => [
        { kind: "url", target: `/u/${seq}/${n}?x=1` },
        { kind: "tag", tag: `t${seq}-${n}` },
        { kind: "prefix", prefix: `/p/${seq}/${n}` },
      ]).flat();
      fence.begin(at(seq), targets.map(named), undefined)();
    }
    const compared = { count: 0 };
    const counting = {
      get epoch() {
        compared.count += 1;
        return EPOCH;
      },
      seq: 0,
    };
    expect(fence.overtaken({ ...fence.mark(at(0)), position: counting }, page)).to.equal(false);
    expect(compared.count).to.be.below(50);
    release();
  });

  it("is not overtaken by invalidations of other targets, however many come while it is under way", () => {
    const before = fence.mark(at(1));
    const release = fence.hold(before);
    for (let n = 0; n < 40_000; n += 1) {
      fence.invalidate([named({ kind: "url", target: `/${"x".repeat(n % 2_000)}${n}`, site: "default" })])();
    }
    expect(fence.overtaken(before, page)).to.equal(false);
    fence.invalidate([named({ kind: "url", target: "/page", site: "default" })])();
    expect(fence.overtaken(before, page)).to.equal(true);
    release();
  });

  it("is covered by the same targets that the store would search for", () => {
    const text = fc.constantFrom("/", "/a", "/a/b", "/a/b?c", "/a/b?d", "/%61/b?c", "/a/../a", "/a/", "/b");
    const site = fc.constantFrom(undefined, "default", "other");
    const target: fc.Arbitrary<PurgeTarget> = fc
      .oneof(
        fc.record({ kind: fc.constant("url" as const), target: text, site }),
        fc.record({ kind: fc.constant("prefix" as const), prefix: text, site }),
        fc.record({ kind: fc.constant("tag" as const), tag: fc.constantFrom("news", "sport"), site }),
        fc.record({ kind: fc.constant("everything" as const), site }),
      )
      .map(({ site, ...rest }) => (site === undefined ? rest : { ...rest, site }) as PurgeTarget);
    const response = fc.record({
      site: fc.constantFrom("default", "other"),
      target: text,
      tags: fc.constantFrom(["news"], [], ["sport", "x"], "unknown" as const),
      variance: fc.constantFrom(undefined, "unknown" as const),
    });
    fc.assert(
      fc.property(fc.array(target, { maxLength: 5 }), response, (targets, purgeable) => {
        fence = new Fence();
        const before = fence.mark(at(0));
        fence.begin(at(1), targets.map(named), undefined)();
        expect(fence.overtaken(before, purgeable)).to.equal(targets.some((each) => covers(each, purgeable)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is overtaken by an invalidation at this edge that came after it began", () => {
    const before = fence.mark(at(1));
    fence.invalidate([named({ kind: "url", target: "/page", site: "default" })])();
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
    fence.begin({ epoch, seq }, [named(everything)], now)();
  };

  it("is purged from the moment at which a hard purge begins, until it has been dropped", () => {
    const end = fence.begin(at(1), [named({ kind: "url", target: "/page" })], undefined);
    expect(purgedBy(0)).to.equal("purged");
    end();
    expect(purgedBy(0)).to.equal(undefined);
  });

  it("is purged while the store is searched for an invalidation that covers it, unless it came after that", () => {
    const older = storedWith(fence.mark(at(0)));
    const end = fence.invalidate([named({ kind: "tag", tag: "news", site: "default" })]);
    expect(fence.purgedBy(older)).to.equal("purged");
    expect(fence.purgedBy(storedWith(fence.mark(at(0))))).to.equal(undefined);
    end();
    expect(fence.purgedBy(older)).to.equal(undefined);
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
