import { expect } from "chai";
import { MemoryWatch, nextLimit, type Pressure, pressureOf, promisedBytes } from "./memory-watch.ts";

const MIB = 2 ** 20;

describe("the watch on the memory of an edge", () => {
  it("promises 15 % more than --memory, and 224 MiB for the program", () => {
    expect(promisedBytes(100 * MIB)).to.equal(339 * MIB);
  });

  it("promises 64 MiB more for each serving thread", () => {
    expect(promisedBytes(256 * MIB, 3) - promisedBytes(256 * MIB)).to.equal(192 * MIB);
  });

  it("collects garbage early from 116 MiB below the promise, evicts from 76, refuses from 48", () => {
    const below = (mib: number) => pressureOf((500 - mib) * MIB, 500 * MIB, "none");
    expect([117, 116, 77, 76, 49, 48, -1].map(below)).to.deep.equal([
      "none",
      "frugal",
      "frugal",
      "evicting",
      "evicting",
      "refusing",
      "refusing",
    ]);
  });

  it("calms down only 8 MiB below the line that it passed", () => {
    const below = (mib: number, before: Pressure) => pressureOf((500 - mib) * MIB, 500 * MIB, before);
    expect([below(56, "refusing"), below(57, "refusing")]).to.deep.equal(["refusing", "evicting"]);
    expect([below(84, "evicting"), below(85, "evicting")]).to.deep.equal(["evicting", "frugal"]);
    expect([below(124, "frugal"), below(125, "frugal")]).to.deep.equal(["frugal", "none"]);
  });

  it("makes the store smaller by at most 4 MiB a look, down to an eighth of --memory", () => {
    expect(nextLimit(100 * MIB, 100 * MIB, "evicting")).to.equal(98 * MIB);
    expect(nextLimit(1_000 * MIB, 1_000 * MIB, "evicting")).to.equal(996 * MIB);
    expect(nextLimit(13 * MIB, 100 * MIB, "refusing")).to.equal(12.5 * MIB);
  });

  it("gives the room back when memory is free, and no more than --memory", () => {
    expect(nextLimit(50 * MIB, 100 * MIB, "frugal")).to.equal(50 * MIB);
    expect(nextLimit(50 * MIB, 100 * MIB, "none")).to.equal(50.3 * MIB);
    expect(nextLimit(99.8 * MIB, 100 * MIB, "none")).to.equal(100 * MIB);
  });

  it("has garbage collected as sparingly as can be, because the pages come free only then", () => {
    const calls: string[] = [];
    const heap = {
      allowGarbage: () => undefined,
      beFrugal: (frugal: boolean) => calls.push(`frugal ${frugal}`),
      collect: () => calls.push("collect"),
    };
    const process = { promised: 242 * MIB, rss: () => 203 * MIB, heap };
    new MemoryWatch(process, 16 * MIB, { limit: 16 * MIB }, () => undefined).look();
    expect(calls).to.deep.equal(["frugal true", "collect"]);
  });

  it("measures again before it lets a request fetch when 4 MiB have arrived since, and no earlier", () => {
    let rss = 0;
    const heap = { allowGarbage: () => undefined, beFrugal: () => undefined, collect: () => undefined };
    const process = { promised: 500 * MIB, rss: () => rss, heap };
    const watch = new MemoryWatch(process, 100 * MIB, { limit: 100 * MIB }, () => undefined);
    expect(watch.refuses(0)).to.equal(false);
    rss = 480 * MIB;
    expect(watch.refuses(4 * MIB - 1)).to.equal(false);
    expect(watch.refuses(4 * MIB)).to.equal(true);
    rss = 0;
    expect(watch.refuses(8 * MIB - 1)).to.equal(true);
    expect(watch.refuses(8 * MIB)).to.equal(false);
  });

  it("collects garbage each time that 64 MiB have come while memory is short, and lets the request fetch then", () => {
    let [rss, collected] = [0, 0];
    const collect = () => {
      collected += 1;
      rss = 300 * MIB;
    };
    const heap = { allowGarbage: () => undefined, beFrugal: () => undefined, collect };
    const process = { promised: 500 * MIB, rss: () => rss, heap };
    const watch = new MemoryWatch(process, 100 * MIB, { limit: 100 * MIB }, () => undefined);
    expect([watch.refuses(64 * MIB), collected]).to.deep.equal([false, 0]);
    rss = 480 * MIB;
    expect([watch.refuses(128 * MIB), collected]).to.deep.equal([false, 1]);
    rss = 480 * MIB;
    expect([watch.refuses(192 * MIB - 1), collected]).to.deep.equal([true, 1]);
    expect([watch.refuses(196 * MIB), collected]).to.deep.equal([false, 2]);
  });

  it("makes the store smaller by what is to come free, and collects it, before it makes it smaller still", () => {
    let [rss, collected] = [440 * MIB, 0];
    const store = { limit: 250 * MIB };
    // What was evicted is resident until it is collected.
    const collect = () => {
      collected += 1;
      rss = store.limit + 190 * MIB;
    };
    const heap = { allowGarbage: () => undefined, beFrugal: () => undefined, collect };
    const process = { promised: 500 * MIB, rss: () => rss, heap };
    const watch = new MemoryWatch(process, 250 * MIB, store, () => undefined);
    for (let look = 0; look < 100 && watch.pressure !== "frugal"; look += 1) watch.look();
    expect([watch.pressure, collected]).to.deep.equal(["frugal", 1]);
    expect(store.limit / MIB).to.be.within(220, 226);
  });

  it("evicts no more where the memory of what was evicted does not come free, until more is resident", () => {
    let rss = 440 * MIB;
    const store = { limit: 250 * MIB };
    const heap = { allowGarbage: () => undefined, beFrugal: () => undefined, collect: () => undefined };
    const process = { promised: 500 * MIB, rss: () => rss, heap };
    const watch = new MemoryWatch(process, 250 * MIB, store, () => undefined);
    for (let look = 0; look < 200; look += 1) watch.look();
    expect(store.limit / MIB).to.equal(222);
    rss = 448 * MIB;
    watch.look();
    expect(store.limit / MIB).to.equal(222);
    rss = 449 * MIB;
    watch.look();
    expect(store.limit / MIB).to.equal(218);
  });

  it("collects garbage once a second while requests are refused, and not while memory is only getting short", () => {
    let [rss, collected] = [0, 0];
    const collect = () => {
      collected += 1;
    };
    const heap = { allowGarbage: () => undefined, beFrugal: () => undefined, collect };
    const process = { promised: 500 * MIB, rss: () => rss, heap };
    const watch = new MemoryWatch(process, 1_000 * MIB, { limit: 1_000 * MIB }, () => undefined);
    const looks = (count: number, mib: number): number => {
      rss = mib * MIB;
      for (let look = 0; look < count; look += 1) watch.look();
      return collected;
    };
    expect(looks(30, 423)).to.equal(0);
    expect(looks(1, 452)).to.equal(1);
    expect(looks(19, 452)).to.equal(1);
    expect(looks(1, 452)).to.equal(2);
    expect([looks(1, 400), looks(1, 452)]).to.deep.equal([2, 3]);
  });

  it("refuses nearer to the promise, and at last at the promise, when nothing more comes free", () => {
    let rss = 0;
    const heap = { allowGarbage: () => undefined, beFrugal: () => undefined, collect: () => undefined };
    const store = { limit: 100 * MIB };
    const process = { promised: 500 * MIB, rss: () => rss, heap };
    const watch = new MemoryWatch(process, 100 * MIB, store, () => undefined);
    /** How long it refuses, in looks; 200: it does not end. */
    const refusing = (mib: number): number => {
      rss = mib * MIB;
      for (let look = 0; look < 200; look += 1) {
        watch.look();
        if (watch.pressure !== "refusing") return look;
      }
      return 200;
    };
    // The store gets smaller for 44 looks.
    expect([refusing(451), store.limit / MIB]).to.deep.equal([0, 98]);
    expect([refusing(455), store.limit / MIB]).to.deep.equal([61, 12.5]);
    expect([467, 468, 490, 499, 500, 492, 491].map(refusing)).to.deep.equal([0, 21, 21, 0, 200, 200, 0]);
    // All begins anew when memory is free.
    expect([refusing(300), refusing(455)]).to.deep.equal([0, 21]);
  });

  it("follows what the process really takes", () => {
    let rss = 0;
    const told: unknown[] = [];
    const heap = {
      allowGarbage: () => undefined,
      beFrugal: (frugal: boolean) => told.push(frugal),
      collect: () => told.push("collected"),
    };
    const store = { limit: 100 * MIB };
    const watch = new MemoryWatch(
      { promised: promisedBytes(100 * MIB), rss: () => rss, heap },
      100 * MIB,
      store,
      (excess) => told.push(excess.bytes / MIB),
    );
    for (const taken of [100, 300, 100]) {
      rss = taken * MIB;
      watch.look();
      told.push(watch.pressure, Math.round(store.limit / MIB));
    }
    expect(told).to.deep.equal([
      false,
      "none",
      100,
      true,
      "collected",
      64,
      "refusing",
      98,
      false,
      "none",
      98,
    ]);
  });
});
