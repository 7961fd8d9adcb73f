import { expect } from "chai";
import fc from "fast-check";
import { queryPolicy } from "./query-policy.ts";

describe("the policy of a query", () => {
  it("reads names as origins do, encoded or not", () => {
    const piece = fc.string({
      unit: fc.constantFrom("a", "b", "=", "%61", "%62", "+", "%3D", "_"),
      maxLength: 5,
    });
    const keepsA = queryPolicy({ keep: ["a"] });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const target = `/p?${pieces.join("&")}`;
        const kept = pieces.filter((each) => new URLSearchParams(`&${each}`).has("a"));
        const left = kept.length === 0 ? "/p" : `/p?${kept.join("&")}`;
        expect(keepsA(target)).to.equal(kept.length === pieces.length ? target : left);
      }),
    );
  });

  it("leaves a piece with a semicolon, which may be several parameters", () => {
    expect(queryPolicy({ ignore: ["utm_*"] })("/p?utm_a=1;q=2&utm_b=3&q=1")).to.equal("/p?utm_a=1;q=2&q=1");
    expect(queryPolicy({ keep: ["q"] })("/p?q=1;b=2&q=1")).to.equal("/p?q=1");
  });

  it("sorts by name, and keeps the order of the values of one name", () => {
    expect(queryPolicy({ sort: true })("/p?b=2&a=2&b=1&a=1")).to.equal("/p?a=2&a=1&b=2&b=1");
  });
});
