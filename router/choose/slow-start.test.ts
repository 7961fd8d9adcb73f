import { expect } from "chai";
import { readiness, SLOW_START_MS } from "./slow-start.ts";

describe("an edge that starts slowly", () => {
  it("gets a tenth of its requests at first and all of them after 5 s", () => {
    expect(readiness(1000, 1000)).to.equal(0.1);
    expect(readiness(1000, 1000 + SLOW_START_MS / 2)).to.equal(0.55);
    expect(readiness(1000, 1000 + SLOW_START_MS)).to.equal(1);
    expect(readiness(1000, 1_000_000)).to.equal(1);
  });

  it("is none that was there before the router", () => {
    expect(readiness(undefined, 0)).to.equal(1);
  });
});
