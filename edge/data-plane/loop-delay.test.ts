import { expect } from "chai";
import { until } from "../../test/rig/until.ts";
import { LoopDelay } from "./loop-delay.ts";

describe("the delay of the event loop", () => {
  let now: number;
  let delay: LoopDelay;
  beforeEach(() => {
    now = 0;
    delay = new LoopDelay({ monotonic: () => now });
  });
  afterEach(() => delay.stop());

  it("is a number of milliseconds from the beginning", () => {
    now = 1_000;
    expect(delay.ms).to.equal(0);
  });

  it("stays what it was while nothing was sampled, as after the loop stood still", async () => {
    const look = () => {
      now += 250;
      return delay.ms;
    };
    // This thread has other work, too: a sample that shows any delay comes soon.
    await until("a delay was sampled", () => look() > 0);
    const before = delay.ms;
    expect([look(), look()]).to.deep.equal([before, before]);
  });
});
