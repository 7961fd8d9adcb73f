import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { Deadlines } from "./deadlines.ts";

describe("Deadlines", () => {
  function setUp(ms: number) {
    const clock = new ManualClock();
    const expired: string[] = [];
    const deadlines = new Deadlines(clock, ms);
    const named = (name: string) => deadlines.deadline(() => expired.push(name));
    const pass = async (span: number) => {
      clock.advance(span);
      await turn();
    };
    return { clock, deadlines, named, expired, pass };
  }

  it("lets each expire once, when its time has passed since its start", async () => {
    const { named, expired, pass } = setUp(100);
    named("a").start();
    await pass(60);
    named("b").start();
    await pass(39);
    expect(expired).to.deep.equal([]);
    await pass(1);
    expect(expired).to.deep.equal(["a"]);
    await pass(60);
    expect(expired).to.deep.equal(["a", "b"]);
    await pass(1000);
    expect(expired).to.deep.equal(["a", "b"]);
  });

  it("counts from the last start", async () => {
    const { named, expired, pass } = setUp(100);
    const [a, b] = [named("a"), named("b")];
    a.start();
    b.start();
    await pass(60);
    a.start();
    await pass(60);
    expect(expired).to.deep.equal(["b"]);
    await pass(40);
    expect(expired).to.deep.equal(["b", "a"]);
  });

  it("does not let a stopped one expire, and starts it again", async () => {
    const { named, expired, pass } = setUp(100);
    const a = named("a");
    a.start();
    a.stop();
    await pass(1000);
    expect(expired).to.deep.equal([]);
    a.start();
    await pass(100);
    expect(expired).to.deep.equal(["a"]);
  });

  it("waits once for any number of them, and not at all when it is closed", async () => {
    const { clock, deadlines, named, expired, pass } = setUp(100);
    for (let i = 0; i < 1000; i++) named(`${i}`).start();
    expect(clock.waiting).to.equal(1);
    deadlines.close();
    named("late").start();
    await pass(1000);
    expect(clock.waiting).to.equal(0);
    expect(expired).to.deep.equal([]);
  });
});
