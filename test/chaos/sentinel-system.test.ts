import { expect } from "chai";
import { type ChaosReport, chaos } from "./chaos.ts";
import { chaosText } from "./report.ts";

// CHAOS_MINUTES=10 CHAOS_SEED=7 plays longer, and another schedule.
const MINUTES = Number(process.env.CHAOS_MINUTES ?? 0.5);
const SEED = Number(process.env.CHAOS_SEED ?? 1);
// A busy machine starts processes slowly, and the last step may begin as time is up.
const PATIENCE_MS = 120_000;

describe(`real edges whose Redis fails over again and again, seed ${SEED}`, () => {
  let report: ChaosReport;

  before(async function () {
    this.timeout(PATIENCE_MS + MINUTES * 60_000);
    report = await chaos({ minutes: MINUTES, seed: SEED, sentinel: true });
  });

  it("break no guarantee", () => {
    if (report.violations.length > 0) expect.fail(chaosText(report));
  });

  it("were purged while it happened", () => {
    expect(report.faults.size).to.be.at.least(3);
    expect(report.purges.get("applied") ?? 0).to.be.above(5);
  });
});
