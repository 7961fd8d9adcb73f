import { expect } from "chai";
import { HEADER, type Measured, medians, type Result, rowsOf } from "./results-table.ts";

const measured = (perSecond: number, processorUs: number, p99Ms: number, lateMs = Number.NaN): Measured => ({
  kind: "measured",
  perSecond,
  processorUs,
  p99Ms,
  lateMs,
});

describe("the table of the benchmark", () => {
  it("compares ours with each of the others, and not with itself", () => {
    const results = new Map([
      ["ours", measured(1_000, 10, 1)],
      ["other", measured(2_000, 5, 4)],
    ]);
    expect(rowsOf("hits", "ours", results)).to.deep.equal([
      "| hits | ours | 1000 | 10.0 | 1.00 |  |  |  |",
      "| hits | other | 2000 | 5.0 | 4.00 | 0.50 | 2.00 | 0.25 |",
    ]);
  });

  it("says why a cache has no figures", () => {
    const results = new Map<string, Result>([
      ["ours", measured(1, 1, 1)],
      ["other", { kind: "unable", why: "has no TLS" }],
    ]);
    expect(rowsOf("hits", "ours", results)[1]).to.equal("| hits | other | has no TLS |  |  |  |  |  |");
  });

  it("has figures of others when ours has none", () => {
    const results = new Map<string, Result>([
      ["ours", { kind: "unable", why: "answers 501" }],
      ["other", measured(2, 3, 4)],
    ]);
    expect(rowsOf("hits", "ours", results)[1]).to.equal("| hits | other | 2 | 3.0 | 4.00 |  |  |  |");
  });

  it("leaves out what a client does not tell", () => {
    const results = new Map([
      ["ours", measured(1, 1, Number.NaN)],
      ["other", measured(1, 1, 2)],
    ]);
    expect(rowsOf("hits", "ours", results)).to.deep.equal([
      "| hits | ours | 1 | 1.0 |  |  |  |  |",
      "| hits | other | 1 | 1.0 | 2.00 | 1.00 | 1.00 |  |",
    ]);
  });

  it("says how late a client with a constant rate was by itself", () => {
    const results = new Map([["ours", measured(1, 1, 0.5, 0.01)]]);
    expect(rowsOf("hits", "ours", results)).to.deep.equal([
      "| hits | ours | 1 | 1.0 | 0.50, client 0.01 |  |  |  |",
    ]);
  });

  it("takes the median of each figure by itself", () => {
    const turns = [measured(1, 9, 5), measured(3, 8, 4), measured(2, 7, 6)];
    expect(medians(turns)).to.deep.equal(measured(2, 8, 5));
  });

  it("has as many cells in each row as in its header", () => {
    const results = new Map([["ours", measured(1, 1, 1)]]);
    const lines = [...HEADER, ...rowsOf("hits", "ours", results)];
    expect(new Set(lines.map((line) => line.split("|").length)).size).to.equal(1);
  });
});
