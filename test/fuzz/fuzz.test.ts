import { expect } from "chai";
import { fuzzTargets } from "./fuzz.ts";
import { hostileText } from "./hostile-text.ts";
import { target } from "./target.ts";

// So many take about a second a reader; `npm run fuzz -- --minutes 60` goes on with other seeds.
const RUNS = 3_000;

describe("fuzzed input", () => {
  for (const { name, try: attempt } of fuzzTargets)
    it(`breaks no reader: ${name}`, () => attempt({ runs: RUNS, seed: 1 }));
});

describe("a fuzz target", () => {
  const fails = (check: (text: string) => void): string => {
    try {
      target("a reader", hostileText(["abc"]), check).try({ runs: 1_000, seed: 1 });
      return "nothing found";
    } catch (thrown) {
      return String(thrown) + String(thrown instanceof Error ? thrown.cause : "");
    }
  };

  it("finds an input that a reader cannot take, and shows the smallest with its seed", () => {
    const found = fails((text) => {
      if (text.includes("\0")) throw new Error("a NUL got through");
    });
    expect(found)
      .to.match(/seed: 1\b/)
      .and.to.include("a NUL got through");
  });

  it("tries the same inputs for the same seed", () => {
    const tried: string[][] = [[], []];
    for (const list of tried)
      target("a reader", hostileText(["abc"]), (text) => void list.push(text)).try({ runs: 50, seed: 7 });
    expect(tried[0]).to.deep.equal(tried[1]);
    expect(new Set(tried[0]).size).to.be.greaterThan(20);
  });
});
