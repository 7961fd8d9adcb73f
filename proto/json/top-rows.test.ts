import { expect } from "chai";
import type { TopRow } from "../gen/edgecache/v1/edge.ts";
import { topRows } from "./top-rows.ts";

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
    expect(topRows("requests", of, 20)).to.deep.equal([
      row("/a", { requests: 5, bytes: 20, slowestMs: 9 }),
      row("/b", { requests: 4 }),
    ]);
  });

  it("tell the same path at two sites apart", () => {
    expect(topRows("bytes", [[row("/a")], [row("/a", { site: "other" })]], 20)).to.have.length(2);
  });

  it("have the reason of the edge with more misses, and of the only one that has any", () => {
    const few = row("/a", { misses: 1, reason: "few", mend: "x" });
    const many = row("/a", { misses: 9, reason: "many", mend: "y" });
    expect(topRows("misses", [[few], [many]], 9)[0]).to.include({ misses: 10, reason: "many", mend: "y" });
    expect(topRows("misses", [[row("/a", { misses: 3 })], [few]], 9)[0]).to.include({ reason: "few" });
  });

  it("are sorted by what is asked for, and no more than a screen has", () => {
    const many = Array.from({ length: 21 }, (_, i) => row(`/${i}`, { slowestMs: i }));
    const rows = topRows("slowest", [many], 20);
    expect(rows).to.have.length(20);
    expect(rows[0]?.url).to.equal("/20");
  });
});
