import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { AppliedPosition } from "./applied-position.ts";
import { ElapsedTime, type Reading } from "./elapsed-time.ts";

const WAIT_MS = 250;

const at = (ms: number): Reading => ({ ms, setBack: 0 });

describe("the progress of an edge along the purge log", () => {
  let clock: ManualClock;
  let time: ElapsedTime;
  let progress: AppliedPosition;
  beforeEach(() => {
    clock = new ManualClock();
    time = new ElapsedTime(clock);
    progress = new AppliedPosition(clock, time);
    progress.moveTo({ epoch: 100, seq: 5 });
  });

  const reaches = (epoch: number, seq: number): Promise<boolean> => progress.reaches({ epoch, seq }, WAIT_MS);

  /** Lets the wait run out that began with the question. */
  const afterTheWait = async (asked: Promise<boolean>): Promise<boolean> => {
    await clock.waited();
    clock.advance(WAIT_MS);
    return await asked;
  };

  it("has reached what it has passed in its epoch, and not what lies ahead", async () => {
    expect(await reaches(100, 5)).to.equal(true);
    expect(await reaches(100, 1)).to.equal(true);
    expect(await afterTheWait(reaches(100, 6))).to.equal(false);
    expect(await afterTheWait(reaches(101, 0))).to.equal(false);
  });

  it("waits for what is on its way", async () => {
    const asked = reaches(100, 7);
    progress.moveTo({ epoch: 100, seq: 6 });
    await clock.waited();
    progress.moveTo({ epoch: 100, seq: 7 });
    expect(await asked).to.equal(true);
  });

  it("has reached every position of an earlier epoch that it has been in", async () => {
    progress.moveTo({ epoch: 200, seq: 0 });
    expect(await reaches(100, 999)).to.equal(true);
  });

  it("knows of a lower epoch that it was never in, which may be a later history, by being at the tail afterwards", async () => {
    const tail = { epoch: 100, seq: 5 };
    progress.confirm(tail, time.read());
    expect(await afterTheWait(reaches(99, 1))).to.equal(false);
    const asked = reaches(99, 1);
    clock.advance(1);
    progress.confirm(tail, time.read());
    expect(await asked).to.equal(true);
  });

  it("is fresh as of a heartbeat once it has reached the tail that this was answered with, now or later", () => {
    progress.confirm({ epoch: 100, seq: 5 }, at(7));
    expect(progress.freshAsOf?.ms).to.equal(7);
    progress.confirm({ epoch: 100, seq: 7 }, at(8));
    progress.confirm({ epoch: 100, seq: 9 }, at(9));
    progress.moveTo({ epoch: 100, seq: 6 });
    expect(progress.freshAsOf?.ms).to.equal(7);
    progress.moveTo({ epoch: 100, seq: 7 });
    expect(progress.freshAsOf?.ms).to.equal(8);
    progress.confirm({ epoch: 100, seq: 10 }, at(10));
    progress.moveTo({ epoch: 100, seq: 9 });
    expect(progress.freshAsOf?.ms).to.equal(8);
    progress.moveTo({ epoch: 101, seq: 0 });
    expect(progress.freshAsOf?.ms).to.equal(10);
  });

  it("is no fresher for a tail of a history that is over", () => {
    progress.confirm({ epoch: 100, seq: 7 }, at(8));
    progress.forgetTail();
    progress.moveTo({ epoch: 100, seq: 7 });
    expect(progress.freshAsOf).to.equal(undefined);
  });

  it("remembers the latest hundred epochs", async () => {
    for (let epoch = 101; epoch <= 200; epoch += 1) progress.moveTo({ epoch, seq: 0 });
    expect(await reaches(101, 3)).to.equal(true);
    expect(await afterTheWait(reaches(100, 1))).to.equal(false);
  });
});
