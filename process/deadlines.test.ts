import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../test/rig/manual-clock.ts";
import { Deadlines } from "./deadlines.ts";

describe("deadlines", () => {
  let clock: ManualClock;
  let ended: AbortController;
  let deadlines: Deadlines;
  let failed: string[];
  beforeEach(() => {
    clock = new ManualClock();
    ended = new AbortController();
    deadlines = new Deadlines(clock, ended.signal);
    failed = [];
  });
  afterEach(() => ended.abort());

  /** Work that never ends; notes its name when its deadline has passed. */
  const endless = (name: string, ms: number): void => {
    deadlines.within(new Promise(() => undefined), ms).catch(() => failed.push(name));
  };

  const advance = async (ms: number): Promise<void> => {
    await turn();
    clock.advance(ms);
    await turn();
  };

  it("give what the work comes to, or how it fails", async () => {
    expect(await deadlines.within(Promise.resolve(5), 100)).to.equal(5);
    const refusal = new Error("no");
    expect(await deadlines.within(Promise.reject(refusal), 100).catch((thrown) => thrown)).to.equal(refusal);
  });

  it("fail each when its own time has passed, whatever the order in which they began", async () => {
    endless("late", 300);
    endless("soon", 100);
    await advance(50);
    endless("between", 150);
    await advance(49);
    expect(failed).to.deep.equal([]);
    await advance(1);
    expect(failed).to.deep.equal(["soon"]);
    await advance(100);
    expect(failed).to.deep.equal(["soon", "between"]);
    await advance(99);
    expect(failed).to.deep.equal(["soon", "between"]);
    await advance(1);
    expect(failed).to.deep.equal(["soon", "between", "late"]);
  });

  it("need one timer for all that last equally long, and none when nothing is under way", async () => {
    for (let i = 0; i < 5; i += 1) {
      endless(`${i}`, 100);
      await advance(1);
    }
    expect(clock.waiting).to.equal(1);
    for (let ms = 0; ms < 100; ms += 1) await advance(1);
    expect(failed).to.have.length(5);
    expect(clock.waiting).to.equal(0);
    endless("again", 10);
    await advance(10);
    expect(failed.at(-1)).to.equal("again");
  });

  it("end with their owner", async () => {
    endless("left", 100);
    ended.abort();
    await turn();
    expect(clock.waiting).to.equal(0);
  });

  describe("started and stopped by hand", () => {
    const named = (name: string) => deadlines.deadline(100, () => failed.push(name));

    it("expire once, when their time has passed since the start", async () => {
      named("a").start();
      await advance(60);
      named("b").start();
      await advance(39);
      expect(failed).to.deep.equal([]);
      await advance(1);
      expect(failed).to.deep.equal(["a"]);
      await advance(60);
      await advance(1000);
      expect(failed).to.deep.equal(["a", "b"]);
    });

    it("count from the last start", async () => {
      const [a, b] = [named("a"), named("b")];
      a.start();
      b.start();
      await advance(60);
      a.start();
      await advance(60);
      expect(failed).to.deep.equal(["b"]);
      await advance(40);
      expect(failed).to.deep.equal(["b", "a"]);
    });

    it("do not expire once stopped, and can be started again", async () => {
      const a = named("a");
      a.start();
      a.stop();
      await advance(1000);
      expect(failed).to.deep.equal([]);
      a.start();
      await advance(100);
      expect(failed).to.deep.equal(["a"]);
    });

    it("start others when they expire, of any length", async () => {
      deadlines.deadline(50, () => failed.push("never started")).stop();
      const shorter = deadlines.deadline(10, () => failed.push("shorter"));
      deadlines.deadline(100, () => shorter.start()).start();
      await advance(100);
      expect(failed).to.deep.equal([]);
      await advance(10);
      expect(failed).to.deep.equal(["shorter"]);
    });

    it("do not start any more once their owner has ended", async () => {
      ended.abort();
      named("late").start();
      await advance(1000);
      expect([failed, clock.waiting]).to.deep.equal([[], 0]);
    });
  });
});
