import { expect } from "chai";
import fc from "fast-check";
import { expectedMs, loadFactor, noiseMs } from "./expected-time.ts";

const IDLE = { queueMs: 0, eventLoopDelayMs: 0, inFlight: 0, waiting: 0 };
const count = fc.nat({ max: 100_000 });
const ms = fc.double({ min: 0, max: 5000, noNaN: true });

describe("the load factor", () => {
  it("is 1 for an edge at work within sane bounds", () => {
    expect(loadFactor(20, IDLE)).to.equal(1);
    expect(loadFactor(20, { ...IDLE, eventLoopDelayMs: 15, inFlight: 128, waiting: 128 })).to.equal(1);
  });

  it("is how many times as long as the way the queue makes it", () => {
    expect(loadFactor(20, { ...IDLE, queueMs: 20 })).to.equal(2);
    expect(loadFactor(5, { ...IDLE, queueMs: 20 })).to.equal(5);
  });

  it("grows with the delay of the event loop, of which a Ping has shown most", () => {
    expect(loadFactor(20, { ...IDLE, eventLoopDelayMs: 95 })).to.equal(2);
  });

  it("grows with requests by half at most, so that downloads send nobody to an edge twice as far", () => {
    expect(loadFactor(20, { ...IDLE, inFlight: 640 })).to.equal(1.25);
    fc.assert(
      fc.property(count, count, (inFlight, waiting) => {
        expect(loadFactor(20, { ...IDLE, inFlight, waiting })).to.be.within(1, 1.5);
      }),
    );
  });

  it("never falls when any load grows", () => {
    fc.assert(
      fc.property(
        ms,
        ms,
        ms,
        count,
        count,
        ms,
        count,
        (baseRttMs, queueMs, delay, inFlight, waiting, more, requests) => {
          const load = { queueMs, eventLoopDelayMs: delay, inFlight, waiting };
          const factor = loadFactor(baseRttMs, load);
          expect(loadFactor(baseRttMs, { ...load, queueMs: queueMs + more })).to.be.at.least(factor);
          expect(loadFactor(baseRttMs, { ...load, eventLoopDelayMs: delay + more })).to.be.at.least(factor);
          expect(loadFactor(baseRttMs, { ...load, inFlight: inFlight + requests })).to.be.at.least(factor);
          expect(loadFactor(baseRttMs, { ...load, waiting: waiting + requests })).to.be.at.least(factor);
        },
      ),
    );
  });
});

describe("the expected time", () => {
  it("is the way, times load, and what lost packets cost", () => {
    expect(expectedMs(20, 1, 0)).to.equal(20);
    expect(expectedMs(20, 2, 0)).to.equal(40);
    expect(expectedMs(20, 2, 0.1)).to.equal(60);
  });

  it("grows with each of them", () => {
    const factor = fc.double({ min: 1, max: 20, noNaN: true });
    const loss = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(ms, factor, loss, ms, (baseRttMs, times, lost, more) => {
        const time = expectedMs(baseRttMs, times, lost);
        expect(expectedMs(baseRttMs + more, times, lost)).to.be.at.least(time);
        expect(expectedMs(baseRttMs, times + more, lost)).to.be.at.least(time);
        expect(expectedMs(baseRttMs, times, lost + more)).to.be.at.least(time);
      }),
    );
  });

  it("is uncertain by what samples vary, and by how few losses there were", () => {
    expect(noiseMs(3, 0)).to.equal(6);
    expect(noiseMs(3, 1 / 32)).to.equal(12.25);
  });
});
