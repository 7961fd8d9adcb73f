import { expect } from "chai";
import { Timeouts } from "./timeouts.ts";

const LIMITS = {
  answererMs: 40_000,
  tunnelMs: 60_000,
  answerMs: 60_000,
  readerMs: 30_000,
  senderMs: 30_000,
  bodyTimeout: 900_000,
  bodyRate: 1_024,
};

describe("the timeouts of a request", () => {
  it("gives the answerer its time to begin the answer", () => {
    const timeouts = new Timeouts(LIMITS);
    timeouts.waitFor("answerer", 100);
    expect(timeouts.overdue(40_100)).to.equal(undefined);
    expect(timeouts.overdue(40_101)).to.equal("answerer");
  });

  it("counts all waits for the beginning of the answer together", () => {
    const timeouts = new Timeouts(LIMITS);
    timeouts.waitFor("answerer", 0);
    timeouts.waitFor("nobody", 20_000);
    timeouts.waitFor("answerer", 50_000);
    expect(timeouts.overdue(70_000)).to.equal(undefined);
    expect(timeouts.overdue(70_001)).to.equal("answerer");
  });

  it("gives the answerer its whole span again when more of the body has come", () => {
    const timeouts = new Timeouts(LIMITS);
    timeouts.waitFor("answerer", 0);
    timeouts.waitFor("sender", 29_000);
    timeouts.tookBody(1);
    timeouts.waitFor("answerer", 30_000);
    expect(timeouts.overdue(70_000)).to.equal(undefined);
    expect(timeouts.overdue(70_001)).to.equal("answerer");
  });

  it("cuts a client that sends one byte every five seconds after some 30 s", () => {
    const timeouts = new Timeouts(LIMITS);
    timeouts.waitFor("sender", 0);
    let now = 5000;
    for (; timeouts.overdue(now) === undefined; now += 5000) {
      timeouts.tookBody(1);
      timeouts.waitFor("answerer", now);
      timeouts.waitFor("sender", now);
    }
    expect(timeouts.overdue(now)).to.equal("sender");
    expect(now).to.equal(35_000);
  });

  /** When a body is overdue that comes at so many bytes a second. */
  const overdueAt = (bytesPerSecond: number): number | undefined => {
    const timeouts = new Timeouts(LIMITS);
    for (let now = 0; now < 3_600_000; now += 1000) {
      timeouts.waitFor("sender", now);
      if (timeouts.overdue(now + 999) === "sender") return now + 999;
      timeouts.tookBody(bytesPerSecond);
      timeouts.waitFor("answerer", now + 1000);
    }
    return undefined;
  };

  it("gives a body that comes fast enough all of its time, and no more", () => {
    expect(overdueAt(1_024)).to.equal(900_999);
    expect(overdueAt(100_000)).to.equal(900_999);
  });

  it("cuts a body that is slower than its rate once it has used up its 30 s", () => {
    expect(overdueAt(1_000)).to.equal(900_999);
    expect(overdueAt(512)).to.be.within(59_000, 61_000);
    expect(overdueAt(1)).to.be.within(30_000, 31_000);
  });

  it("cuts a client that takes nothing of its answer for 30 s", () => {
    const timeouts = new Timeouts(LIMITS);
    timeouts.waitFor("reader", 0);
    expect(timeouts.overdue(30_000)).to.equal(undefined);
    expect(timeouts.overdue(30_001)).to.equal("reader");
  });

  it("has no limit while the answer is arriving, and 60 s when it stands still", () => {
    const timeouts = new Timeouts(LIMITS);
    for (let now = 0; now < 3_600_000; now += 59_000) {
      timeouts.waitFor("answer", now);
      expect(timeouts.overdue(now + 60_000)).to.equal(undefined);
      expect(timeouts.overdue(now + 60_001)).to.equal("answer");
    }
  });

  it("give a tunnel its whole time with everything that passes through it", () => {
    const timeouts = new Timeouts(LIMITS);
    timeouts.waitFor("tunnel", 0);
    expect(timeouts.overdue(60_000)).to.equal(undefined);
    expect(timeouts.overdue(60_001)).to.equal("tunnel");
    timeouts.passed(50_000);
    timeouts.waitFor("tunnel", 60_000);
    expect(timeouts.overdue(110_000)).to.equal(undefined);
    expect(timeouts.overdue(110_001)).to.equal("tunnel");
  });
});
