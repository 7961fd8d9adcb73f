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
});
