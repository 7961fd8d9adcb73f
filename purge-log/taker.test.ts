import { expect } from "chai";
import { askedVia, takerOf } from "./taker.ts";

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
