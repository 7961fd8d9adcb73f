import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { HttpDate } from "./date-field.ts";

describe("the Date of an answer", () => {
  it("is the second that the clock shows, also when it jumps back", () => {
    const clock = new ManualClock(Date.UTC(2026, 10, 22, 14, 0, 0, 999));
    let jumped = 0;
    const date = new HttpDate({
      ...clock,
      wall: () => clock.wall() + jumped,
      monotonic: () => 0,
      wait: clock.wait,
    });
    expect(date.value).to.equal("Sun, 22 Nov 2026 14:00:00 GMT");
    clock.advance(1);
    expect(date.value).to.equal("Sun, 22 Nov 2026 14:00:01 GMT");
    jumped = -10_000;
    expect(date.value).to.equal("Sun, 22 Nov 2026 13:59:51 GMT");
  });
});
