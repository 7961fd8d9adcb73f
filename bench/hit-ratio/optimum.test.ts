import { expect } from "chai";
import { bound, optimum } from "./optimum.ts";

describe("the best that a cache could do", () => {
  const pages = Int32Array.from([0, 1, 2, 0, 1, 2]);

  it("is, for pages of one size, to give up what is asked for last", () => {
    expect(optimum(pages, () => 10, 20)).to.deep.equal({ requests: 2 / 6, bytes: 2 / 6 });
    expect(optimum(pages, () => 10, 30)).to.deep.equal({ requests: 3 / 6, bytes: 3 / 6 });
  });

  it("is never above the bound", () => {
    for (const most of [10, 20, 30, 40])
      expect(bound(pages, () => 10, most).requests, `${most}`).to.be.at.least(
        optimum(pages, () => 10, most).requests,
      );
  });

  it("is bounded by the pages that cost the least, which are the small ones, and no page larger than the cache", () => {
    // Between two requests for a page lie three: the small ones cost 3 each, of 12 that there are.
    const sizes = [1, 1, 100];
    const found = bound(pages, (page) => sizes[page] ?? 0, 2);
    expect(found).to.deep.equal({ requests: 2 / 6, bytes: 2 / 204 });
  });

  it("is bounded by everything that comes again where the cache holds all", () => {
    expect(bound(pages, () => 10, 1_000)).to.deep.equal({ requests: 3 / 6, bytes: 3 / 6 });
  });
});
