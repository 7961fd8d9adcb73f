import { expect } from "chai";
import { askedVia, MOST_BY, takerOf, traceOf } from "./taker.ts";

describe("the taker of a purge", () => {
  it("is the edge through which it was asked, whatever the caller is called", () => {
    for (const caller of ["10.0.0.1:5", "gRPC via edge-9", ""]) {
      expect(takerOf(askedVia(caller, "edge-1"))).to.equal("edge-1");
    }
  });

  it("is unknown when the entry names no edge", () => {
    for (const by of ["", "edge-1 127.0.0.1", "10.0.0.1 via ", "10.0.0.1 via edge 1"]) {
      expect(takerOf(by), by).to.equal(undefined);
    }
  });
});

describe("the trace of a purge", () => {
  const trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true };

  it("stands before the edge, whatever the caller is called, so that older edges find that", () => {
    for (const caller of ["10.0.0.1:5", "gRPC via edge-9", "x traceparent=y", ""]) {
      const by = askedVia(caller, "edge-1", trace);
      expect(takerOf(by)).to.equal("edge-1");
      expect(traceOf(by), by).to.deep.equal(trace);
    }
  });

  it("is not there where there is none", () => {
    for (const by of [
      askedVia("10.0.0.1:5", "edge-1"),
      "",
      "a traceparent=b via c",
      "traceparent=",
      " traceparent=",
    ])
      expect(traceOf(by), by).to.equal(undefined);
  });

  it("is left out where an entry has no room for it", () => {
    const without = MOST_BY - askedVia("", "edge-1", trace).length;
    const [fits, long] = ["x".repeat(without), "x".repeat(without + 1)];
    expect(askedVia(fits, "edge-1", trace)).to.have.length(MOST_BY);
    expect(askedVia(long, "edge-1", trace)).to.equal(askedVia(long, "edge-1"));
  });
});
