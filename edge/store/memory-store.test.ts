import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { storeContract } from "../../test/contracts/store.contract.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import type { Store } from "./store.ts";

const A = { kind: "url", site: "default", target: "/a" } as const;

describe("the store in memory", () => {
  storeContract((maxBytes, clock) => memoryStore(maxBytes, clock, "lru"));

  it("lets a use count less the more has been used since", () => {
    const store = memoryStore(1_000_000);
    for (const target of ["/a", "/b"]) store.put(storedResponse(target), requestFor(target));
    for (let i = 0; i < 8; i += 1) store.variants("default /a");
    for (let i = 0; i < 2 ** 18; i += 1) store.variants("default /b");
    expect(store.useCount("default /a")).to.equal(4);
    expect(store.useCount("default /b")).to.be.greaterThan(2 ** 16);
  });

  it("learns later what other threads have used, and takes a row that is free by then for nothing", () => {
    const store = memoryStore(1_000_000);
    for (const target of ["/a", "/b"]) store.put(storedResponse(target), requestFor(target));
    store.usedInRows([1, 2, 1, 3, 100_000]);
    for (const stored of store.peek("default /b")) store.remove(stored);
    store.usedInRows([1, 2]);
    expect(["default /a", "default /b"].map((key) => store.useCount(key))).to.deep.equal([3, 0]);
  });

  it("tells how many responses it evicted, and why", () => {
    const told: [string, number][] = [];
    const evicted = (cause: string, responses: number) => told.push([cause, responses]);
    const store = memoryStore(20_000, systemClock, "lru", { evicted });
    const page = (target: string) =>
      store.put(
        storedResponse(target, { chunks: [new Uint8Array(7_500)], bodyLength: 7_500 }),
        requestFor(target),
      );
    page("/a");
    page("/b");
    expect(told).to.deep.equal([]);
    page("/c");
    expect(told).to.deep.equal([["room", 1]]);
    store.limit = 9_000;
    expect(told).to.deep.equal([
      ["room", 1],
      ["memory-short", 1],
    ]);
  });

  it("keeps the other variants of a key when one is too large to be kept beside them", () => {
    const store = memoryStore(20_000);
    const variant = (language: string, bytes: number) => ({
      selecting: new Map([["accept-language", language]]),
      chunks: [new Uint8Array(bytes)],
      bodyLength: bytes,
    });
    const put = (language: string, bytes: number) =>
      store.put(
        storedResponse("/a", variant(language, bytes)),
        requestFor("/a", { "Accept-Language": language }),
      );
    expect([put("de", 7_500), put("fr", 7_500), put("it", 7_500)]).to.deep.equal([
      "stored",
      "stored",
      "too-large",
    ]);
    expect(store.peek("default /a")).to.have.length(2);
  });

  it("gives what was put when it makes an object anew, and finds that object to be the stored one", async () => {
    const store = memoryStore(1_000_000);
    const put = (i: number) => {
      const body = Buffer.from(`body ${i}`);
      const given = { tags: ["all"], chunks: [body], bodyLength: body.length };
      store.put(storedResponse(`/${i}`, given), requestFor(`/${i}`));
    };
    // More than are kept as objects.
    for (let i = 0; i < 1_000; i += 1) put(i);
    const texts = Array.from({ length: 1_000 }, (_, i) =>
      store.peek(`default /${i}`).map(({ chunks }) => Buffer.concat(chunks).toString()),
    );
    expect(texts).to.deep.equal(Array.from({ length: 1_000 }, (_, i) => [`body ${i}`]));
    const [stored] = store.peek("default /0");
    expect(stored !== undefined && store.holds(stored)).to.equal(true);
    if (stored !== undefined) store.remove(stored);
    expect([store.objects, store.peek("default /0").length]).to.deep.equal([999, 0]);
    expect(stored !== undefined && store.holds(stored)).to.equal(false);
  });

  for (const [what, search] of [
    ["is purged", (store: Store) => store.purge([A])],
    ["is softly purged", (store: Store) => store.purge([A], 1)],
    ["is counted", (store: Store) => store.covered([A])],
    ["is looked at", (store: Store) => Array.fromAsync(store.coveredBy([A]))],
  ] as const) {
    it(`bears that a response goes, and another comes in its row, just when it ${what}`, async () => {
      const store = memoryStore(1_000_000);
      const put = (target: string) => store.put(storedResponse(target), requestFor(target));
      put("/a");
      const [stored] = store.peek("default /a");
      const searching = search(store);
      // Before the search learns what it has met.
      if (stored !== undefined) store.remove(stored);
      put("/b");
      await searching;
      expect([store.objects, store.peek("default /b").length]).to.deep.equal([1, 1]);
      expect(store.peek("default /b").map((other) => store.softPurgedAt(other))).to.deep.equal([undefined]);
    });
  }

  it("leaves a request its bytes when it has dropped the response and used its memory again", () => {
    const store = memoryStore(100_000, systemClock, "lru");
    const put = (i: number) => {
      const body = Buffer.alloc(1_000, i);
      store.put(storedResponse(`/${i}`, { chunks: [body], bodyLength: 1_000 }), requestFor(`/${i}`));
    };
    const held = [];
    for (let i = 0; i < 1_000; i += 1) {
      put(i);
      held.push(store.peek(`default /${Math.max(0, i - 20)}`)[0]);
    }
    for (const [i, stored] of held.entries()) {
      const body = Buffer.concat(stored?.chunks ?? []);
      expect(body.equals(Buffer.alloc(1_000, Math.max(0, i - 20))), `${i}`).to.equal(true);
    }
  });

  it("takes a response for stale when a soft purge has begun since, and it is not stored any more", async () => {
    const store = memoryStore(1_000_000);
    const [first, second] = [storedResponse("/a"), storedResponse("/b")];
    for (const stored of [first, second]) store.put(stored, requestFor(stored.target));
    store.remove(first);
    expect(store.softPurgedAt(first)).to.equal(undefined);
    await store.purge([{ kind: "url", target: "/c" }], 7);
    expect([store.softPurgedAt(first), store.softPurgedAt(second)]).to.deep.equal([7, undefined]);
  });

  it("keeps no object of a response before it is asked for", () => {
    const store = memoryStore(100_000_000);
    const [first, second] = [storedResponse("/a"), storedResponse("/a")];
    store.put(first, requestFor("/a"));
    expect(store.objectBytes).to.equal(0);
    expect(store.variants(first.key)).to.have.length(1);
    expect(store.objectBytes).to.be.above(0);
    // Nor does it give the object of an older version.
    store.put({ ...second, status: 404 }, requestFor("/a"));
    expect(store.variants(first.key).map(({ status }) => status)).to.deep.equal([404]);
  });

  it("says whether it keeps the bytes of a body that a reader has", () => {
    const store = memoryStore(100_000_000);
    const put = (target: string, length: number) => {
      const stored = storedResponse(target, { chunks: [new Uint8Array(length)], bodyLength: length });
      store.put(stored, requestFor(target));
      return store.peek(stored.key)[0] ?? stored;
    };
    const [small, large] = [put("/small", 1_000), put("/large", 100_000)];
    expect([store.sharesBody(small), store.sharesBody(large)]).to.deep.equal([true, true]);
    // They push the object of the small one out.
    for (let i = 0; i < 600; i += 1) put(`/${i}`, 32 * 1024);
    expect([store.sharesBody(small), store.sharesBody(large)]).to.deep.equal([false, true]);
    expect([store.holds(small), store.holds(large)]).to.deep.equal([true, true]);
  });

  it("gives no other body than the one put last, through replacing, evicting, purging and moving", async () => {
    const store = memoryStore(24_000_000);
    const versions = new Map<number, number>();
    // A small generator, so that every run is the same.
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const bodyOf = (i: number, version: number) =>
      Buffer.alloc(200 + ((i * 7 + version) % 100), `${i} ${version};`);
    const put = (i: number, more: number) => {
      const version = (versions.get(i) ?? 0) + 1;
      versions.set(i, version);
      const body = bodyOf(i, version);
      const given = {
        chunks: [body, Buffer.alloc(more, 1)],
        bodyLength: body.length + more,
        tags: [`tag-${i % 50}`],
      };
      expect(store.put(storedResponse(`/${i}`, given), requestFor(`/${i}`))).to.equal("stored");
    };
    let checked = 0;
    for (let step = 0; step < 60_000; step += 1) {
      // Each size has its time, so that the blocks of the one before it are freed.
      put(random(20_000), [300, 2_000, 900][Math.floor(step / 20_000)] ?? 0);
      const i = random(20_000);
      for (const { chunks } of store.peek(`default /${i}`)) {
        const expected = bodyOf(i, versions.get(i) ?? 0);
        if (Buffer.concat(chunks).compare(expected, 0, expected.length, 0, expected.length) !== 0)
          expect.fail(`/${i} has another body at step ${step}`);
        checked += 1;
      }
      if (step % 5_000 === 4_999) await store.purge([{ kind: "tag", tag: `tag-${random(50)}` }]);
    }
    expect(checked).to.be.above(10_000);
  }).timeout(20_000);

  it("finds nothing that others drop in the moments in which a search tells of it", async () => {
    // A search tells of a response some steps after it has met it.
    for (let steps = 0; steps < 8; steps += 1) {
      const store = memoryStore(2 ** 20);
      const stored = storedResponse("/a");
      store.put(stored, requestFor("/a"));
      const [held] = store.peek(stored.key);
      if (held === undefined) throw new Error("nothing is held");
      const dropping = (async () => {
        for (let step = 0; step < steps; step += 1) await undefined;
        store.remove(held);
      })();
      const found = await Promise.all([
        Array.fromAsync(store.coveredBy([{ kind: "url", target: "/a" }])),
        store.purge([{ kind: "url", target: "/a" }]),
        store.covered([{ kind: "url", target: "/a" }]),
      ]);
      await dropping;
      expect(found[0].length).to.be.at.most(1);
      expect([store.objects, store.bytes], `after ${steps} steps`).to.deep.equal([0, 0]);
    }
  });
});
