import { expect } from "chai";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { MemoryStore } from "./memory-store.ts";
import type { StoredResponse } from "./stored-response.ts";

const stored: typeof storedResponse = (target, given) =>
  storedResponse(target, { chunks: [new Uint8Array(100)], bodyLength: 100, ...given });

function storeOf(...targets: readonly string[]): MemoryStore {
  const store = new MemoryStore(10_000_000);
  for (const target of targets) store.put(stored(target), requestFor(target));
  return store;
}

/** Runs a purge to its end. */
function purged(store: MemoryStore, target: PurgeTarget, softlyAt?: number): number {
  const purging = store.purge(target, softlyAt);
  for (;;) {
    const step = purging.next();
    if (step.done === true) return step.value;
  }
}

describe("the store in memory", () => {
  it("drops the least recently used keys when its bytes run out, and forgets them in every index", () => {
    const store = new MemoryStore(20_000);
    const big = { chunks: [new Uint8Array(8_000)], bodyLength: 8_000, tags: ["t"] };
    store.put(stored("/1", big), requestFor("/1"));
    store.put(stored("/2", big), requestFor("/2"));
    store.variants("default /1");
    store.put(stored("/3", big), requestFor("/3"));
    expect(store.variants("default /2")).to.deep.equal([]);
    expect(store.variants("default /1")).to.have.length(1);
    expect(store.objects).to.equal(2);
    expect(store.bytes).to.be.lessThan(20_000);
    expect(store.covered([{ kind: "tag", tag: "t" }]).objects).to.equal(2);
  });

  it("refuses what is larger than itself, and keeps its accounts", () => {
    const store = new MemoryStore(20_000);
    const huge = stored("/huge", { chunks: [new Uint8Array(30_000)], bodyLength: 30_000, tags: ["t"] });
    expect(store.put(huge, requestFor("/huge"))).to.equal("too-large");
    expect([store.objects, store.bytes]).to.deep.equal([0, 0]);
    expect(store.covered([{ kind: "tag", tag: "t" }]).objects).to.equal(0);
  });

  it("replaces the variant that the same request selects, and keeps the others", () => {
    const store = new MemoryStore(1_000_000);
    const variant = (language: string): StoredResponse =>
      stored("/v", { selecting: new Map([["accept-language", language]]) });
    for (const language of ["de", "fr", "de"]) {
      store.put(variant(language), requestFor("/v", { "Accept-Language": language }));
    }
    expect(store.objects).to.equal(2);
  });

  it("keeps at most 16 variants of a key", () => {
    const store = new MemoryStore(1_000_000);
    const outcomes = Array.from({ length: 20 }, (_, i) =>
      store.put(
        stored("/v", { selecting: new Map([["x-any", `${i}`]]) }),
        requestFor("/v", { "X-Any": `${i}` }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "stored")).to.have.length(16);
    expect(outcomes.at(-1)).to.equal("too-many-variants");
    expect(store.objects).to.equal(16);
  });

  it("purges a path with every query, and a path with a query as exactly that", () => {
    const targets = ["/a", "/a?x=1", "/a?x=2", "/ab"];
    expect(purged(storeOf(...targets), { kind: "url", target: "/a" })).to.equal(3);
    expect(purged(storeOf(...targets), { kind: "url", target: "/a?x=1" })).to.equal(1);
    expect(purged(storeOf(...targets), { kind: "prefix", prefix: "/a" })).to.equal(4);
    expect(purged(storeOf(...targets), { kind: "url", target: "/A" })).to.equal(0);
  });

  it("lets others work while it looks for a prefix among many paths, and meets what comes meanwhile", () => {
    const store = storeOf(...Array.from({ length: 5_000 }, (_, i) => `/many/${i}`));
    const purging = store.purge({ kind: "prefix", prefix: "/many/" }, undefined);
    expect(purging.next().done).to.equal(false);
    expect(store.objects).to.be.within(1, 4_999);
    store.put(stored("/other"), requestFor("/other"));
    let step = purging.next();
    while (step.done !== true) step = purging.next();
    expect([step.value, store.objects]).to.deep.equal([5_000, 1]);
  });

  it("purges within one site when one is named", () => {
    const store = storeOf("/a");
    store.put(stored("/a", { site: "shop", key: "shop /a" }), requestFor("/a"));
    expect(purged(store, { kind: "everything", site: "shop" })).to.equal(1);
    expect(store.variants("default /a")).to.have.length(1);
    expect(purged(store, { kind: "everything" })).to.equal(1);
    expect([store.objects, store.bytes]).to.deep.equal([0, 0]);
  });

  it("counts what several targets cover once", () => {
    const store = storeOf("/a", "/b");
    const covered = store.covered([
      { kind: "url", target: "/a" },
      { kind: "prefix", prefix: "/" },
    ]);
    expect(covered.objects).to.equal(2);
    expect(covered.bytes).to.equal(store.bytes);
  });

  it("shows what a target covers, and lets others work while it looks through many", () => {
    const store = storeOf(...Array.from({ length: 5_000 }, (_, i) => `/many?${i}`), "/other");
    const found = [...store.coveredBy({ kind: "url", target: "/many" })];
    expect(found.filter((stored) => stored?.target.startsWith("/many"))).to.have.length(5_000);
    expect(found.filter((stored) => stored === undefined)).to.have.length(2);
    expect(found).to.have.length(5_002);
  });

  it("knows which keys are used most, also when what they hold is replaced", () => {
    const store = storeOf("/a", "/b", "/c");
    const use = (target: string, times: number) => {
      for (let i = 0; i < times; i += 1) store.variants(`default ${target}`);
    };
    use("/a", 3);
    use("/b", 5);
    use("/nowhere", 9);
    store.put(stored("/b"), requestFor("/b"));
    store.peek("default /c");
    const heats = ["/a", "/b", "/c", "/nowhere"].map((target) => store.heat(`default ${target}`));
    expect(heats).to.deep.equal([3, 5, 0, 0]);
  });

  it("lets a use count less the more has been used since", () => {
    const store = storeOf("/a", "/b");
    for (let i = 0; i < 8; i += 1) store.variants("default /a");
    for (let i = 0; i < 2 ** 18; i += 1) store.variants("default /b");
    expect(store.heat("default /a")).to.equal(4);
    expect(store.heat("default /b")).to.be.greaterThan(2 ** 16);
  });

  it("keeps what a soft purge covers, and since when the first of them covered it", () => {
    const store = storeOf("/a");
    expect(purged(store, { kind: "url", target: "/a" }, 5)).to.equal(1);
    expect(purged(store, { kind: "prefix", prefix: "/" }, 9)).to.equal(1);
    expect(store.variants("default /a")[0]?.softPurgedAt).to.equal(5);
    expect(purged(store, { kind: "everything" })).to.equal(1);
  });
});
