import { expect } from "chai";
import { RowSet } from "./row-set.ts";

describe("a set of rows", () => {
  it("has what was added to it, and nothing beside", () => {
    const rows = new RowSet();
    const added = [1, 8, 9, 262_143, 262_144, 5_000_000];
    for (const row of added) rows.add(row);
    for (const row of added)
      expect([row - 1, row, row + 1].map((each) => rows.has(each))).to.deep.equal(
        [row - 1, row, row + 1].map((each) => added.includes(each)),
      );
  });
});
