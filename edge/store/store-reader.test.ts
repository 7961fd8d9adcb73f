import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { bodyOf, type ReadingWords } from "../../test/rig/read-bodies.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { LeastRecentlyUsed } from "./eviction/lru.ts";
import { MemoryStore } from "./memory-store.ts";
import { ALL_COVERED, SHARING_WORDS, type SharedPiece } from "./sharing.ts";
import { StoreReader } from "./store-reader.ts";

const eviction = () => new LeastRecentlyUsed();

function sharedStore(maxBytes: number, onPiece: (piece: SharedPiece) => void) {
  const words = new Int32Array(new SharedArrayBuffer(4 * SHARING_WORDS));
  const sharing = { words, onPiece };
  const store = new MemoryStore({ maxBytes, eviction, clock: systemClock, poisons: true, sharing, seed: 77 });
  const put = (i: number, version: number): void => {
    const body = bodyOf(i, version);
    const given = { chunks: [body], bodyLength: body.length, tags: ["all", `tag-${i % 20}`] };
    expect(store.put(storedResponse(`/${i}`, given), requestFor(`/${i}`))).to.equal("stored");
  };
  return { store, put, sharing: words };
}

describe("a reader of the store of another thread", () => {
  function both(maxBytes = 1_000_000) {
    const pieces: SharedPiece[] = [];
    const shared = sharedStore(maxBytes, (piece) => pieces.push(piece));
    const reader = new StoreReader(shared.sharing);
    const deliver = () => {
      for (const piece of pieces.splice(0)) reader.take(piece);
    };
    return { ...shared, reader, deliver };
  }

  it("finds what is stored, and not what was replaced, removed or purged", async () => {
    const { store, put, reader, deliver } = both();
    for (const i of [1, 2, 3]) put(i, 1);
    deliver();
    put(1, 2);
    for (const stored of store.peek("default /2")) store.remove(stored);
    await store.purge([{ kind: "tag", tag: "tag-3" }]);
    put(4, 1);
    deliver();
    const found = [1, 2, 3, 4].map((i) => reader.find(`default /${i}`)?.stored.chunks[0]?.toString());
    expect(found).to.deep.equal([bodyOf(1, 2).toString(), undefined, undefined, bodyOf(4, 1).toString()]);
  });

  it("shows a response where it lies, and knows whether it was there until it was copied", async () => {
    const { store, put, reader, deliver } = both();
    const show = (i: number) => {
      const shown = reader.inPlace("default ", `/${i}`);
      return shown?.memory.toString("latin1", shown.bodyAt, shown.bodyEnd);
    };
    for (const i of [1, 2, 3]) put(i, 1);
    deliver();
    expect([reader.usedInPlace(), show(1), show(4)]).to.deep.equal([
      undefined,
      bodyOf(1, 1).toString(),
      undefined,
    ]);
    for (const [i, change] of [
      [1, () => put(1, 2)],
      [2, () => store.purge([{ kind: "tag", tag: "tag-2" }], 7)],
      [3, () => store.purge([{ kind: "everything" }])],
    ] as const) {
      expect([show(i) !== undefined, reader.usedInPlace() !== undefined]).to.deep.equal([true, true]);
      show(i);
      await change();
      expect(reader.usedInPlace()).to.equal(undefined);
    }
  });

  it("says the same of a response as the store", () => {
    const { store, put, reader, deliver } = both();
    put(1, 1);
    deliver();
    const stored = { ...store.peek("default /1")[0], chunks: [bodyOf(1, 1)] };
    expect(reader.find("default /1")?.stored).to.deep.equal(stored);
  });

  it("finds nothing that a soft purge has covered, and knows that what it has read is current no more", async () => {
    const { store, put, reader, deliver } = both();
    for (const i of [1, 2]) put(i, 1);
    deliver();
    const places = [1, 2].map((i) => reader.find(`default /${i}`)?.place);
    const current = () => places.map((place) => place !== undefined && reader.isCurrent(place));
    expect(current()).to.deep.equal([true, true]);
    await store.purge([{ kind: "url", target: "/1" }], 7);
    expect([current(), reader.find("default /1")]).to.deep.equal([[false, true], undefined]);
    put(2, 2);
    expect(current()).to.deep.equal([false, false]);
    put(1, 2);
    deliver();
    expect(reader.find("default /1")?.stored.chunks).to.deep.equal([bodyOf(1, 2)]);
  });

  it("finds what came since everything was covered, and nothing older", () => {
    const { put, reader, deliver, sharing } = both();
    put(1, 1);
    deliver();
    const place = reader.find("default /1")?.place;
    Atomics.add(sharing, ALL_COVERED, 1);
    put(2, 1);
    deliver();
    expect([1, 2].map((i) => reader.find(`default /${i}`)?.stored.target)).to.deep.equal([undefined, "/2"]);
    expect(place !== undefined && reader.isCurrent(place)).to.equal(false);
  });

  it("finds nothing that was stored before everything was purged, whenever it learns of the new memory", async () => {
    const { store, put, reader, deliver } = both();
    put(1, 1);
    deliver();
    await store.purge([{ kind: "everything" }]);
    expect(reader.find("default /1")).to.equal(undefined);
    put(2, 1);
    expect(reader.find("default /2")).to.equal(undefined);
    deliver();
    expect([1, 2].map((i) => reader.find(`default /${i}`)?.stored.target)).to.deep.equal([undefined, "/2"]);
  });

  it("leaves to the other thread what has variants, and bodies of more than 32 KiB", () => {
    const { store, reader, deliver } = both();
    for (const language of ["de", "fr"]) {
      const selecting = new Map([["accept-language", language]]);
      const request = requestFor("/v", { "Accept-Language": language });
      store.put(storedResponse("/v", { selecting }), request);
    }
    for (const bodyLength of [32 * 1024, 32 * 1024 + 1]) {
      const given = { chunks: [new Uint8Array(bodyLength)], bodyLength };
      store.put(storedResponse(`/${bodyLength}`, given), requestFor(`/${bodyLength}`));
    }
    deliver();
    const found = ["/v", "/32768", "/32769"].map((target) => reader.find(`default ${target}`)?.stored.target);
    expect(found).to.deep.equal([undefined, "/32768", undefined]);
  });

  it("finds out when a response that it has read gets another variant beside it", () => {
    const { store, reader, deliver } = both();
    const put = (language: string) =>
      store.put(
        storedResponse("/v", { selecting: new Map([["accept-language", language]]) }),
        requestFor("/v", { "Accept-Language": language }),
      );
    put("de");
    deliver();
    const place = reader.find("default /v")?.place;
    const isCurrent = () => place !== undefined && reader.isCurrent(place);
    expect(isCurrent()).to.equal(true);
    put("fr");
    expect(isCurrent()).to.equal(false);
  });

  it("gets nothing torn and nothing stale in two threads, while the other puts, purges and evicts", async () => {
    const KEYS = 500;
    const THREADS = 2;
    // So many must be found by each, and so many steps made at least.
    const [FOUND, STEPS] = [10_000, 5_000];
    const shared = (words: number) => new Int32Array(new SharedArrayBuffer(4 * words));
    const [floors, words] = [shared(KEYS), shared(1 + THREADS)];
    const threads: Worker[] = [];
    const pieces: SharedPiece[] = [];
    // Every second key fits.
    const { store, put, sharing } = sharedStore(600_000, (piece) => {
      pieces.push(piece);
      for (const thread of threads) thread.postMessage(piece);
    });
    for (let number = 0; number < THREADS; number += 1) {
      const workerData: ReadingWords & { number: number } = { sharing, floors, words, number };
      const thread = new Worker(new URL("../../test/rig/reading-thread.ts", import.meta.url), { workerData });
      await once(thread, "message");
      for (const piece of pieces) thread.postMessage(piece);
      threads.push(thread);
    }
    const versions = Array.from({ length: KEYS }, () => 0);
    /** No more of these, from the moment on at which the store has promised it. */
    const gone = (which: (i: number) => boolean) => {
      for (let i = 0; i < KEYS; i += 1) if (which(i)) Atomics.store(floors, i, (versions[i] ?? 0) + 1);
    };
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const areDone = () => words.slice(1).every((found) => found >= FOUND);
    for (let step = 1; step < STEPS || !areDone(); step += 1) {
      const i = random(KEYS);
      const version = (versions[i] ?? 0) + 1;
      put(i, version);
      versions[i] = version;
      Atomics.store(floors, i, version);
      if (step % 50 === 0) {
        const tag = random(20);
        await store.purge([{ kind: "tag", tag: `tag-${tag}` }]);
        gone((each) => each % 20 === tag);
      }
      if (step % 2_000 === 0) {
        await store.purge([{ kind: "everything" }]);
        gone(() => true);
      }
      if (step % 20 === 0) await turn();
    }
    const results = threads.map((thread) => once(thread, "message"));
    Atomics.store(words, 0, 1);
    expect((await Promise.all(results)).flat(2)).to.deep.equal([]);
  }).timeout(60_000);
});
