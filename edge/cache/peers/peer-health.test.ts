import { expect } from "chai";
import { LEAST_DELAY_MS, MOST_DELAY_MS, PeerHealth, REST_MS } from "./peer-health.ts";

describe("what an edge has seen of another one", () => {
  it("says how late one of twenty answers is, within bounds", () => {
    const health = new PeerHealth();
    expect(health.delayMs).to.equal(MOST_DELAY_MS);
    for (let ms = 1; ms <= 60; ms += 1) health.answered(ms * 5);
    expect(health.delayMs).to.equal(285);
    for (let n = 0; n < 64; n += 1) health.answered(1);
    expect(health.delayMs).to.equal(LEAST_DELAY_MS);
    for (let n = 0; n < 64; n += 1) health.answered(60_000);
    expect(health.delayMs).to.equal(MOST_DELAY_MS);
  });

  it("leaves an edge alone that has failed, until its time is over or it answers", () => {
    const health = new PeerHealth();
    expect(health.mayBeAsked(0)).to.equal(true);
    health.failed(1_000);
    expect(health.mayBeAsked(1_000 + REST_MS - 1)).to.equal(false);
    expect(health.mayBeAsked(1_000 + REST_MS)).to.equal(true);
    health.failed(9_000);
    health.answered(20);
    expect(health.mayBeAsked(9_001)).to.equal(true);
  });
});
