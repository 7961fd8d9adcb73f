import { expect } from "chai";
import fc from "fast-check";
import { clientRegions, regionOf } from "./client-regions.ts";

const parsed = (text: string) => {
  const regions = clientRegions.parse(text);
  return regions && Object.fromEntries([...regions].map(([region, edges]) => [region, [...edges]]));
};

describe("the table of regions", () => {
  it("names the edges of each", () => {
    const table = { eu: ["edge-1", "edge-2"], us: ["edge-3"] };
    expect(parsed("eu=edge-1,edge-2;us=edge-3")).to.deep.equal(table);
    // A list in the configuration file arrives so.
    expect(parsed("eu=edge-1,edge-2,us=edge-3")).to.deep.equal(table);
    expect(parsed(" EU = edge-1 , edge-2 ; us=edge-3")).to.deep.equal(table);
  });

  for (const wrong of [
    "",
    "eu",
    "eu=",
    "=edge-1",
    "eu=a=b",
    "eu=a;;us=b",
    "eu=a,",
    "eu=a;EU=b",
    "eu=a b",
    "é=a",
    "eu=a;us",
  ]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      expect(parsed(wrong)).to.equal(undefined);
    });
  }

  it("reads what it writes", () => {
    const word = fc.stringMatching(/^[a-z0-9._-]{1,10}$/);
    const table = fc.uniqueArray(fc.tuple(word, fc.uniqueArray(word, { minLength: 1 })), {
      minLength: 1,
      selector: ([region]) => region,
    });
    fc.assert(
      fc.property(table, (rows) => {
        const regions = new Map(rows.map(([region, edges]) => [region, new Set(edges)]));
        expect(clientRegions.parse(clientRegions.format(regions))).to.deep.equal(regions);
      }),
    );
  });

  it("is asked without regard to case and blanks, and knows nothing of other regions", () => {
    const regions = new Map([["eu", new Set(["edge-1"])]]);
    expect(regionOf(" EU", regions)).to.equal("eu");
    expect(regionOf("asia", regions)).to.equal(undefined);
    expect(regionOf("__proto__", regions)).to.equal(undefined);
    expect(regionOf(undefined, regions)).to.equal(undefined);
  });
});
