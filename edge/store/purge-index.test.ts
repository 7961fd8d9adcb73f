import { expect } from "chai";
import fc from "fast-check";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { PurgeIndex } from "./purge-index.ts";
import type { StoredResponse } from "./stored-response.ts";

const stored = (target: string, tags: readonly string[]): StoredResponse => storedResponse(target, { tags });

const TAGS = ["a", "ab", "A", "a b", "__proto__"];

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
        const index = new PurgeIndex();
        const held: StoredResponse[] = [];
        for (const [{ path, query, tags }, choice] of sequence) {
          const leaving = choice % 3 === 0 ? held.splice(choice % (held.length + 1), 1)[0] : undefined;
          if (leaving !== undefined) index.remove(leaving);
          else {
            const coming = stored(`${path}${query}`, tags);
            held.push(coming);
            index.add(coming);
          }
          for (const tag of [...TAGS, "b"]) {
            const carrying = held.filter((each) => each.tags.includes(tag));
            expect([...index.withTag(tag)]).to.have.members(carrying);
          }
          expect([...index.all()]).to.have.members(held);
          for (const known of ["/", "/a", "/a/b", "/c"]) {
            const there = held.filter(({ target }) => target.split("?")[0] === known);
            expect([...index.atPath(known)]).to.have.members(there);
          }
        }
      }),
    );
  });

  it("forgets every path and tag of evicted responses, and purges the rest by tag", async () => {
    const store = memoryStore(20_000);
    for (let i = 0; i < 1_000; i += 1) {
      const target = `/${i}`;
      store.put(stored(target, ["all", `one-${i}`]), requestFor(target));
    }
    const kept = store.objects;
    expect(kept).to.be.within(5, 20);
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
