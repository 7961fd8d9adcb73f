import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { chargedBytes } from "../../edge/store/charge.ts";
import type { MemoryStoreOptions } from "../../edge/store/memory-store-options.ts";
import type { Store } from "../../edge/store/store.ts";
import type { StoredResponse } from "../../edge/store/stored-response.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { slowWork } from "../rig/slow-work.ts";
import { requestFor, storedResponse } from "../rig/stored-response.fixture.ts";

/** Makes an empty store that holds so many bytes and works in slices by this clock. */
export type MakeStore = (maxBytes: number, clock: MemoryStoreOptions["clock"]) => Store;

const ROOM = 100_000_000;

/** What every store promises about purges and dry runs. */
export function storePurgeContract(make: MakeStore): void {
  let clock: ManualClock;
  let store: Store;

  beforeEach(() => {
    clock = new ManualClock();
    store = make(ROOM, clock);
  });

  function put(target: string, given: Parameters<typeof storedResponse>[1] = {}): StoredResponse {
    const stored = storedResponse(target, given);
    expect(store.put(stored, requestFor(target))).to.equal("stored");
    return stored;
  }

  const held = (target: string) => store.peek(`default ${target}`);

  describe("by kind of target:", () => {
    const targets = ["/a", "/a?x=1", "/a?x=2", "/ab", "/b"];

    const kinds: readonly (readonly [string, readonly PurgeTarget[], readonly string[]])[] = [
      ["a path, with every query", [{ kind: "url", target: "/a" }], ["/a", "/a?x=1", "/a?x=2"]],
      ["a URL with a query", [{ kind: "url", target: "/a?x=1" }], ["/a?x=1"]],
      ["a path in another spelling", [{ kind: "url", target: "/x/../%61" }], ["/a", "/a?x=1", "/a?x=2"]],
      ["a URL in another spelling", [{ kind: "url", target: "/%61?%78=1" }], ["/a?x=1"]],
      [
        "a prefix in another spelling",
        [{ kind: "prefix", prefix: "/%61" }],
        ["/a", "/a?x=1", "/a?x=2", "/ab"],
      ],
      ["a path in another case", [{ kind: "url", target: "/A" }], []],
      ["a prefix", [{ kind: "prefix", prefix: "/a" }], ["/a", "/a?x=1", "/a?x=2", "/ab"]],
      ["a prefix that goes into the query", [{ kind: "prefix", prefix: "/a?x=" }], ["/a?x=1", "/a?x=2"]],
      ["a tag", [{ kind: "tag", tag: "b" }], ["/ab", "/b"]],
      ["a tag that is only a part of one", [{ kind: "tag", tag: "" }], []],
      ["everything", [{ kind: "everything" }], targets],
      ["everything of a site", [{ kind: "everything", site: "default" }], targets],
      ["everything of another site", [{ kind: "everything", site: "shop" }], []],
      ["a prefix of another site", [{ kind: "prefix", prefix: "/", site: "shop" }], []],
      [
        "several that overlap",
        [
          { kind: "prefix", prefix: "/a" },
          { kind: "url", target: "/a?x=1" },
          { kind: "tag", tag: "b" },
          { kind: "prefix", prefix: "/ab" },
        ],
        targets,
      ],
    ];
    it("finds what is stored under another spelling than the one named", async () => {
      put("/%68ello%2etxt");
      put("/a/../hello.txt?x");
      expect(await store.purge([{ kind: "url", target: "/hello.txt" }])).to.equal(2);
      put("/caf%c3%a9/%61");
      expect(await store.purge([{ kind: "prefix", prefix: "/caf%C3%A9/" }])).to.equal(1);
      put("/%41%");
      expect(await store.purge([{ kind: "prefix", prefix: "/%41%" }])).to.equal(1);
    });

    for (const [what, purged, covered] of kinds) {
      describe(what, () => {
        beforeEach(() => {
          for (const target of targets) put(target, { tags: target.includes("b") ? ["b"] : [] });
        });

        it("hard: drops exactly that and counts each response once", async () => {
          expect(await store.purge(purged)).to.equal(covered.length);
          expect(targets.filter((target) => held(target).length === 0)).to.deep.equal(covered);
          expect(store.objects).to.equal(targets.length - covered.length);
          expect(await store.purge(purged)).to.equal(0);
        });

        it("soft: keeps it, and knows since when the first purge has covered it", async () => {
          expect(await store.purge(purged, 5)).to.equal(covered.length);
          expect(await store.purge(purged, 9)).to.equal(covered.length);
          const since = (target: string) => held(target).map((stored) => store.softPurgedAt(stored));
          const expected = targets.map((target) => [covered.includes(target) ? 5 : undefined]);
          expect(targets.map(since)).to.deep.equal(expected);
          expect(store.objects).to.equal(targets.length);
        });

        it("as a dry run: counts it and the bytes charged for it, and changes nothing", async () => {
          const bytes = covered.flatMap(held).reduce((sum, stored) => sum + chargedBytes(stored), 0);
          expect(await store.covered(purged)).to.deep.equal({ objects: covered.length, bytes });
          const found: string[] = [];
          for await (const stored of store.coveredBy(purged)) found.push(stored.target);
          expect(found).to.have.members(covered);
          expect(store.objects).to.equal(targets.length);
        });
      });
    }

    it("still tells a request that holds a response when a soft purge has covered it, once that is gone", async () => {
      const stored = put("/a");
      await store.purge([{ kind: "url", target: "/a" }], 7);
      store.remove(stored);
      expect(store.softPurgedAt(stored)).to.equal(7);
    });

    it("does not take what replaces a softly purged response for purged", async () => {
      put("/a");
      await store.purge([{ kind: "url", target: "/a" }], 7);
      expect(store.softPurgedAt(put("/a"))).to.equal(undefined);
    });
  });

  describe("lets others work while it searches for", () => {
    const MANY = 1_000;

    beforeEach(() => {
      store = make(ROOM, slowWork(clock));
    });

    const searched: readonly (readonly [string, (i: number) => string, PurgeTarget])[] = [
      ["a path with many queries", (i) => `/many?${i}`, { kind: "url", target: "/many" }],
      ["a prefix", (i) => `/many/${i}`, { kind: "prefix", prefix: "/many" }],
      ["a tag", (i) => `/many/${i}`, { kind: "tag", tag: "many" }],
      ["everything of a site", (i) => `/many/${i}`, { kind: "everything", site: "default" }],
    ];
    for (const [what, targetOf, purged] of searched) {
      describe(what, () => {
        beforeEach(() => {
          for (let i = 0; i < MANY; i += 1) put(targetOf(i), { tags: ["many"] });
        });

        /** Runs the search to its end, and `meanwhile` in its first pause. Returns in how many slices. */
        async function inSlices(searching: Promise<unknown>, meanwhile: () => void): Promise<number> {
          let slices = 1;
          for (let over = false; !over; ) {
            await turn();
            over = clock.waiting === 0;
            if (over) break;
            if (slices === 1) meanwhile();
            slices += 1;
            clock.advance(0);
          }
          await searching;
          return slices;
        }

        it("hard", async () => {
          const purging = store.purge([purged]);
          const slices = await inSlices(purging, () => {
            expect(store.objects).to.be.within(1, MANY - 1);
            put("/other", { site: "shop" });
            expect(store.variants("shop /other")).to.have.length(1);
          });
          expect(slices).to.be.at.least(10);
          expect(await purging).to.equal(MANY);
          expect(store.objects).to.equal(1);
        });

        it("soft", async () => {
          const all = Array.from({ length: MANY }, (_, i) => held(targetOf(i))).flat();
          const marked = () => all.filter((stored) => store.softPurgedAt(stored) === 3).length;
          const purging = store.purge([purged], 3);
          const slices = await inSlices(purging, () => {
            expect(marked()).to.be.within(1, MANY - 1);
          });
          expect(slices).to.be.at.least(10);
          expect([await purging, marked()]).to.deep.equal([MANY, MANY]);
        });

        it("as a dry run", async () => {
          const counting = store.covered([purged]);
          const slices = await inSlices(counting, () => {
            put("/other", { site: "shop" });
          });
          expect(slices).to.be.at.least(10);
          expect((await counting).objects).to.equal(MANY);
        });

        it("and loses its way neither by what is removed meanwhile nor by another purge", async () => {
          const purging = store.purge([purged]);
          const slices = await inSlices(purging, () => {
            // The search has not come to the middle yet, from whichever end it began.
            for (const stored of held(targetOf(MANY / 2))) store.remove(stored);
            void store.purge([{ kind: "url", target: targetOf(MANY / 2 + 1) }]);
          });
          expect(slices).to.be.at.least(2);
          expect([await purging, store.objects]).to.deep.equal([MANY - 2, 0]);
        });

        it("and ends when everything is purged meanwhile", async () => {
          const purging = store.purge([purged]);
          await inSlices(purging, () => {
            void store.purge([{ kind: "everything" }]);
          });
          expect(await purging).to.be.within(1, MANY - 1);
          expect([store.objects, store.bytes]).to.deep.equal([0, 0]);
        });
      });
    }

    it("a thousand URLs, though nothing is stored for them", async () => {
      const urls = Array.from({ length: 1_000 }, (_, i): PurgeTarget => ({ kind: "url", target: `/${i}` }));
      const purging = store.purge(urls);
      await turn();
      expect(clock.waiting).to.equal(1);
      while (clock.waiting > 0) {
        clock.advance(0);
        await turn();
      }
      expect(await purging).to.equal(0);
    });

    it("a thousand prefixes, in one walk", async () => {
      let looks = 0;
      const monotonic = () => {
        looks += 1;
        return 0;
      };
      store = make(ROOM, { wall: () => 0, monotonic, wait: (ms) => clock.wait(ms) });
      for (let i = 0; i < MANY; i += 1) put(`/many/${i}/x`);
      const prefixes = Array.from({ length: 1_000 }, (_, i) => `/many/${2 * i}/`);
      const purged = prefixes.map((prefix): PurgeTarget => ({ kind: "prefix", prefix }));
      expect(await store.purge(purged)).to.equal(MANY / 2);
      // A walk looks at the clock less than once for each response that it meets.
      expect(looks).to.be.below(MANY);
    });
  });

  it("drops everything in one step, however much it is", async () => {
    store = make(ROOM, slowWork(clock));
    for (let i = 0; i < 1_000; i += 1) put(`/${i}`);
    const purging = store.purge([{ kind: "everything" }]);
    expect([store.objects, store.bytes]).to.deep.equal([0, 0]);
    expect(await purging).to.equal(1_000);
  });
}
