import { expect } from "chai";
import { afterFailure, afterProbe, HEALTHY, type OriginHealth, probeDelayMs } from "./origin-health.ts";

describe("the health of an origin", () => {
  const down: OriginHealth = { kind: "down", probes: 0 };

  it("is down after three failures in a row", () => {
    const once = afterFailure(HEALTHY);
    const twice = afterFailure(once);
    expect([once.kind, twice.kind]).to.deep.equal(["up", "up"]);
    expect(afterFailure(twice)).to.deep.equal(down);
    expect(afterFailure(down)).to.equal(down);
  });

  it("is on trial once a probe has reached it, and down again at the first failure, as seldom probed as before", () => {
    const missed = afterProbe(down, false);
    expect(missed).to.deep.equal({ kind: "down", probes: 1 });
    const reached = afterProbe(missed, true);
    expect(reached).to.deep.equal({ kind: "trial", probes: 2 });
    expect(afterFailure(reached)).to.deep.equal({ kind: "down", probes: 2 });
  });

  it("is not changed by a probe when it answered meanwhile", () => {
    expect(afterProbe(HEALTHY, false)).to.equal(HEALTHY);
  });

  it("is probed half as often each time, up to once a minute, up to twice as soon by jitter", () => {
    expect([0, 1, 2, 5, 6, 2000].map((probes) => probeDelayMs(probes, 0))).to.deep.equal([
      1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
    ]);
    expect([0, 0.5, 1].map((jitter) => probeDelayMs(1, jitter))).to.deep.equal([2_000, 1_500, 1_000]);
  });
});
