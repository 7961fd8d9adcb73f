import { expect } from "chai";
import { type SoakReport, soak } from "./soak.ts";
import { violationsText } from "./soak-text.ts";

// Time for one operation; `npm run soak` runs for hours.
const HOURS = 2 / 3_600;
// A busy machine starts six programs slowly.
const PATIENCE_MS = 120_000;

describe("a soak of some seconds", () => {
  let report: SoakReport;

  before(async function () {
    // What programs take of their machine is read in /proc.
    if (process.platform !== "linux") return this.skip();
    this.timeout(PATIENCE_MS);
    report = await soak({ hours: HOURS, seed: 1, say: () => undefined });
  });

  it("breaks nothing, and knows that it says nothing of growth", () => {
    const told = violationsText(report.violations);
    expect(report.verdict.kind, `${JSON.stringify(report.verdict)}${told}`).to.equal("too-short");
  });

  it("reads, purges and operates meanwhile", () => {
    const { requests, purges, operations } = report.sums;
    expect(requests).to.be.above(0);
    expect(purges.get("applied")).to.be.above(0);
    expect(operations).to.be.above(0);
  });
});
