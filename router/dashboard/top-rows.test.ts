import { expect } from "chai";
import type { TopRow } from "../../proto/gen/edgecache/v1/edge.ts";
import { MOST_TOP_ROWS, topRows } from "./top-rows.ts";

function row(url: string, changes: Partial<TopRow> = {}): TopRow {
  const figures = { requests: 1, bytes: 10, slowestMs: 5, misses: 0 };
  return { url, site: "default", ...figures, reason: "", mend: "", ...changes };
}

describe("the top rows of a fleet", () => {
  it("add up what several edges have seen of a URL, and take the slowest", () => {
    const of = [
      [row("/a", { requests: 3, slowestMs: 9 })],
      [row("/b", { requests: 4 }), row("/a", { requests: 2 })],
    ];
    expect(topRows("requests", of)).to.deep.equal([
      row("/a", { requests: 5, bytes: 20, slowestMs: 9 }),
      row("/b", { requests: 4 }),
    ]);
  });

  it("tell the same path at two sites apart", () => {
    expect(topRows("bytes", [[row("/a")], [row("/a", { site: "other" })]])).to.have.length(2);
  });

  it("have the reason of the edge with more misses, and of the only one that has any", () => {
    const few = row("/a", { misses: 1, reason: "few", mend: "x" });
    const many = row("/a", { misses: 9, reason: "many", mend: "y" });
    expect(topRows("misses", [[few], [many]])[0]).to.include({ misses: 10, reason: "many", mend: "y" });
    expect(topRows("misses", [[row("/a", { misses: 3 })], [few]])[0]).to.include({ reason: "few" });
  });

  it("are sorted by what is asked for, and no more than a screen has", () => {
    const many = Array.from({ length: MOST_TOP_ROWS + 1 }, (_, i) => row(`/${i}`, { slowestMs: i }));
    const rows = topRows("slowest", [many]);
    expect(rows).to.have.length(MOST_TOP_ROWS);
    expect(rows[0]?.url).to.equal(`/${MOST_TOP_ROWS}`);
  });
});
