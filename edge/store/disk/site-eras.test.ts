import { expect } from "chai";
import { SiteEras } from "./site-eras.ts";

describe("the eras of sites", () => {
  it("are others after a change and after its undoing, also for the next process", () => {
    const eras = new SiteEras({});
    const first = eras.at({ shop: "a", blog: "x" });
    expect(eras.at({ shop: "a", blog: "x" })).to.deep.equal(first);
    const changed = eras.at({ shop: "b", blog: "x" });
    const next = new SiteEras(changed);
    expect(next.at({ shop: "b", blog: "x" })).to.deep.equal(changed);
    const undone = next.at({ shop: "a", blog: "x" });
    expect(new Set([first.shop, changed.shop, undone.shop]).size).to.equal(3);
    expect([changed.blog, undone.blog]).to.deep.equal([first.blog, first.blog]);
  });

  it("go on when a site was away", () => {
    const eras = new SiteEras({});
    const first = eras.at({ shop: "a" });
    const away = new SiteEras(eras.at({}));
    expect(away.at({ shop: "a" })).to.deep.equal(first);
    expect(away.at({ shop: "b" })).not.to.deep.equal(first);
  });
});
