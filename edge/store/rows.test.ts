import { expect } from "chai";
import { Rows } from "./rows.ts";

describe("a table of words", () => {
  it("keeps the words of many rows apart", () => {
    const rows = new Rows(3);
    const taken = Array.from({ length: 40_000 }, () => rows.take());
    for (const row of taken) for (const column of [0, 1, 2]) rows.set(row, column, 3 * row + column);
    expect(
      taken.every((row) => [0, 1, 2].every((column) => rows.get(row, column) === 3 * row + column)),
    ).to.equal(true);
    expect([taken[0], rows.top]).to.deep.equal([1, 40_001]);
  });

  it("takes a free row again, whose other words are as they were", () => {
    const rows = new Rows(2);
    const [first, second] = [rows.take(), rows.take()];
    rows.set(first, 1, 7);
    rows.give(first);
    rows.give(second);
    expect([rows.take(), rows.take(), rows.take(), rows.get(first, 1)]).to.deep.equal([second, first, 3, 7]);
  });

  it("has nothing in a row that was never made", () => {
    const rows = new Rows(1);
    rows.set(99_999, 0, 5);
    expect(rows.get(99_999, 0)).to.equal(0);
    rows.reach(99_999);
    rows.set(99_999, 0, 5);
    expect(rows.get(99_999, 0)).to.equal(5);
  });
});
