import { expect } from "chai";
import { DEFAULT_PRIORITY, parsePriority } from "./priority.ts";

describe("the priority of a request", () => {
  it("is read from a dictionary", () => {
    expect(parsePriority("u=1")).to.deep.equal({ urgency: 1, incremental: false });
    expect(parsePriority("u=5, i")).to.deep.equal({ urgency: 5, incremental: true });
    expect(parsePriority("i=?1,u=0;x=1")).to.deep.equal({ urgency: 0, incremental: true });
    expect(parsePriority("i=?0, other=2")).to.deep.equal(DEFAULT_PRIORITY);
  });

  it("is the default where it says nothing that makes sense", () => {
    for (const value of ["", "u", "u=8", "u=-1", "u=11", "U=1", "xu=1", "ii", "\0"])
      expect(parsePriority(value), value).to.deep.equal(DEFAULT_PRIORITY);
  });
});
