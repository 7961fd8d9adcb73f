import { expect } from "chai";
import { readPrometheusText, sampleValue } from "../../test/rig/prometheus-text.ts";
import { bucketOf, HISTOGRAM_CELLS, histogramText, SUM_CELL } from "./histogram.ts";

describe("a histogram", () => {
  it("puts a value that equals a bound below it", () => {
    expect([0, 0.001, 0.00101, 0.0025, 10, 10.001, Number.POSITIVE_INFINITY].map(bucketOf)).to.deep.equal([
      0, 0, 1, 1, 11, 12, 12,
    ]);
  });

  it("is told as buckets that add up, with the count and the sum", () => {
    const cells = Array.from({ length: HISTOGRAM_CELLS }, () => 0);
    for (const seconds of [0, 0.002, 0.002, 60]) {
      cells[bucketOf(seconds)] = (cells[bucketOf(seconds)] ?? 0) + 1;
      cells[SUM_CELL] = (cells[SUM_CELL] ?? 0) + seconds;
    }
    const page = readPrometheusText(
      histogramText("a_seconds", "Some.", [{ labels: { edge: 'e"\\1' }, cells }]),
    );
    const below = (le: string) => sampleValue(page, "a_seconds_bucket", { le, edge: 'e\\"\\\\1' });
    expect(["0.001", "0.0025", "10", "+Inf"].map(below)).to.deep.equal([1, 3, 3, 4]);
    expect(sampleValue(page, "a_seconds_count")).to.equal(4);
    expect(sampleValue(page, "a_seconds_sum")).to.be.closeTo(60.004, 1e-9);
  });
});
