import { expect } from "chai";
import fc from "fast-check";
import { systemClock } from "../../process/clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { PurgeIndex } from "./purge-index.ts";
import type { StoredResponse } from "./stored-response.ts";

const stored = (target: string, tags: readonly string[]): StoredResponse => storedResponse(target, { tags });

const TAGS = ["a", "ab", "A", "a b", "__proto__"];

interface Held {
  readonly number: number;
  readonly first: number;
  readonly path: string;
  readonly tags: readonly string[];
}

describe("the purge index", () => {
  it("finds by tag and by path exactly the responses it holds, after any additions and removals", () => {
    const responses = fc.record({
      path: fc.constantFrom("/", "/a", "/a/b"),
      query: fc.constantFrom("", "?", "?a=1"),
      tags: fc.subarray(TAGS),
    });
    const steps = fc.array(fc.tuple(responses, fc.nat()), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (sequence) => {
        const index = new PurgeIndex(0);
        const held: Held[] = [];
        for (const [number, [{ path, query, tags }, choice]] of sequence.entries()) {
          const leaving = choice % 3 === 0 ? held.splice(choice % (held.length + 1), 1)[0] : undefined;
          if (leaving !== undefined) index.remove(leaving.first);
          else held.push({ number, first: index.add(number, `${path}${query}`, tags), path, tags });
          const numbers = (which: (each: Held) => boolean) => held.filter(which).map((each) => each.number);
          for (const tag of [...TAGS, "b"])
            expect([...index.withTag(tag)]).to.have.members(numbers((each) => each.tags.includes(tag)));
          for (const known of ["/", "/a", "/a/b", "/c"])
            expect([...index.atPath(known)]).to.have.members(numbers((each) => each.path === known));
        }
      }),
    );
  });

  it("meets once what stays, whatever comes and goes during a walk", () => {
    const index = new PurgeIndex(0);
    const firsts = [1, 2, 3, 4, 5, 6].map((number) => index.add(number, `/${number}`, ["all"]));
    const met: number[] = [];
    for (const number of index.withTag("all")) {
      met.push(number);
      // The walk comes to the places in some order: all but the one that it stands at go.
      if (met.length > 1) continue;
      for (const [at, first] of firsts.entries()) if (at % 2 === 0 && at + 1 !== number) index.remove(first);
      index.add(7, "/7", ["all"]);
    }
    expect(met).to.include.members([2, 4, 6]);
    expect(new Set(met).size).to.equal(met.length);
    expect(met.filter((number) => number % 2 === 1 && number !== met[0])).to.deep.equal([]);
  });

  it("has a place once for a tag that a response has twice", () => {
    const index = new PurgeIndex(0);
    index.add(1, "/", ["a", "a"]);
    expect([...index.withTag("a")]).to.deep.equal([1]);
  });

  it("forgets every path and tag of evicted responses, and purges the rest by tag", async () => {
    const store = memoryStore(20_000, systemClock, "lru");
    for (let i = 0; i < 1_000; i += 1) {
      const target = `/${i}`;
      store.put(stored(target, ["all", `one-${i}`]), requestFor(target));
    }
    const kept = store.objects;
    expect(kept).to.be.within(20, 60);
    expect((await store.covered([{ kind: "tag", tag: "all" }])).objects).to.equal(kept);
    for (let i = 0; i < 1_000 - kept; i += 1) {
      const targets = [{ kind: "tag", tag: `one-${i}` } as const, { kind: "url", target: `/${i}` } as const];
      expect((await store.covered(targets)).objects, `/${i}`).to.equal(0);
    }
    expect((await store.covered([{ kind: "tag", tag: "one-" }])).objects).to.equal(0);
    expect(await store.purge([{ kind: "tag", tag: "one-999" }])).to.equal(1);
    expect(await store.purge([{ kind: "tag", tag: "all" }])).to.equal(kept - 1);
    expect([store.objects, store.bytes]).to.deep.equal([0, 0]);
  });
});
