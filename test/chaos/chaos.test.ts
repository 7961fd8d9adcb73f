import { expect } from "chai";
import { type ChaosReport, chaos } from "./chaos.ts";
import { chaosText } from "./report.ts";

// CHAOS_MINUTES=10 CHAOS_SEED=7 plays longer, and another schedule.
const MINUTES = Number(process.env.CHAOS_MINUTES ?? 1);
const SEED = Number(process.env.CHAOS_SEED ?? 1);
// A busy machine starts processes slowly, and the last step may begin as time is up.
const PATIENCE_MS = 120_000;

describe(`real edges and a real Redis under faults, seed ${SEED}`, () => {
  let report: ChaosReport;

  before(async function () {
    this.timeout(PATIENCE_MS + MINUTES * 60_000);
    report = await chaos({ minutes: MINUTES, seed: SEED });
  });

  it("break no guarantee", () => {
    if (report.violations.length > 0) expect.fail(chaosText(report));
  });

  it("were read and purged while it happened, also from the caches", () => {
    const sum = (counts: ReadonlyMap<string, number>) =>
      [...counts.values()].reduce((all, one) => all + one, 0);
    expect(sum(report.faults)).to.be.at.least(5);
    expect(report.reads.get("HIT")).to.be.above(500);
    expect(report.reads.get("HIT from disk")).to.be.above(5);
    expect(report.purges.get("applied")).to.be.above(5);
  });
});
