import { expect } from "chai";
import fc from "fast-check";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { ElapsedTime, elapsedMs } from "./elapsed-time.ts";

describe("the time that has passed", () => {
  let clock: ManualClock;
  let time: ElapsedTime;

  beforeEach(() => {
    clock = new ManualClock();
    time = new ElapsedTime(clock);
  });

  it("is what the monotonic clock says while the wall clock goes with it", () => {
    const then = time.read();
    clock.advance(1_500);
    expect(elapsedMs(then, time.read())).to.equal(1_500);
  });

  it("includes a suspension, through which only the wall clock went on", () => {
    const then = time.read();
    clock.advance(100);
    clock.setWall(6_000);
    expect(elapsedMs(then, time.read())).to.equal(6_100);
    clock.advance(100);
    expect(elapsedMs(then, time.read())).to.equal(6_200);
  });

  it("cannot be told across a wall clock that was set back by more than the margin, and can again afterwards", () => {
    const then = time.read();
    clock.setWall(-100);
    expect(elapsedMs(then, time.read())).to.equal(0);
    clock.setWall(-101);
    const after = time.read();
    expect(elapsedMs(then, after)).to.equal(Number.POSITIVE_INFINITY);
    clock.advance(250);
    expect(elapsedMs(after, time.read())).to.equal(250);
  });

  it("takes no pause between the reading of the two clocks for a step of one", () => {
    let [monotonic, pauses] = [0, 0];
    // The program waits for the processor as soon as it has read the wall clock, or before.
    const paused = (reading: () => number) => {
      const read = reading();
      if (pauses > 0) monotonic += 150;
      pauses = Math.max(0, pauses - 1);
      return read;
    };
    for (const clock of [
      { wall: () => paused(() => 5_000 + monotonic), monotonic: () => monotonic },
      { wall: () => 5_000 + monotonic, monotonic: () => paused(() => monotonic) },
    ]) {
      monotonic = 0;
      const busy = new ElapsedTime(clock);
      const then = busy.read();
      for (const count of [1, 2, 3]) {
        pauses = count;
        busy.read();
        pauses = 0;
        expect(elapsedMs(then, busy.read()), `${count}`).to.equal(monotonic);
      }
    }
  });

  it("runs at most 1 % fast with a wall clock that is rounded to milliseconds, however often it is read", () => {
    let monotonic = 0;
    const rounded = new ElapsedTime({ monotonic: () => monotonic, wall: () => 1e12 + Math.floor(monotonic) });
    const then = rounded.read();
    for (; monotonic < 100; monotonic += 0.01) rounded.read();
    expect(elapsedMs(then, rounded.read())).to.be.within(monotonic, monotonic * 1.01 + 1);
  });

  it("bears with a wall clock that is 1 % slow, if it is read now and then", () => {
    const then = time.read();
    for (let i = 0; i < 1_000; i += 1) {
      clock.advance(250);
      clock.setWall(-2.5);
      expect(time.read().setBack).to.equal(then.setBack);
    }
  });

  it("is never less than the time that the machine was running and suspended", () => {
    const event = fc.record({
      ran: fc.nat(3_000),
      suspended: fc.nat(10_000),
      // Beside the suspension, somebody may set the clock.
      set: fc.oneof(fc.constant(0), fc.integer({ min: -20_000, max: 20_000 })),
    });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), (events) => {
        clock = new ManualClock();
        time = new ElapsedTime(clock);
        const then = time.read();
        let spent = 0;
        for (const { ran, suspended, set } of events) {
          clock.advance(ran);
          time.read();
          clock.setWall(suspended + set);
          spent += ran + suspended;
          const told = elapsedMs(then, time.read());
          const hidden = events.some((each) => each.set < 0 && each.set + each.suspended > -101);
          if (!hidden) expect(told).to.be.at.least(spent);
        }
      }),
    );
  });
});
