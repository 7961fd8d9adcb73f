import { expect } from "chai";
import type { Purge } from "../../purge-log/purge.ts";
import { meantHere } from "./known-sites.ts";

const sites = { names: ["shop", "blog"], digest: "here" };

function purgeOf(...targets: Purge["targets"]): Purge {
  return { purgeId: "p", targets, soft: false, by: "test" };
}

describe("a purge at an edge", () => {
  it("means what it says where every site that it names is known", () => {
    const purge = purgeOf({ kind: "url", target: "/a", site: "shop" }, { kind: "tag", tag: "t" });
    expect(meantHere(purge, sites)).to.deep.equal({ purge, unknown: [] });
  });

  it("means every site in the place of one that is not known, and only there", () => {
    const known = { kind: "prefix", prefix: "/p/", site: "blog" } as const;
    const purge = purgeOf(
      { kind: "url", target: "/a", site: "store" },
      known,
      { kind: "tag", tag: "t", site: "store" },
      { kind: "everything", site: "old" },
    );
    expect(meantHere(purge, sites)).to.deep.equal({
      purge: purgeOf({ kind: "url", target: "/a" }, known, { kind: "tag", tag: "t" }, { kind: "everything" }),
      unknown: ["store", "old"],
    });
  });

  it("means every site where the edge that took the call has other hosts for the names", () => {
    const named = { kind: "url", target: "/a", site: "shop" } as const;
    const agreed = { ...purgeOf(named), sites: "here" };
    expect(meantHere(agreed, sites)).to.deep.equal({ purge: agreed, unknown: [] });
    const other = { ...purgeOf(named, { kind: "tag", tag: "t" }), sites: "there" };
    expect(meantHere(other, sites)).to.deep.equal({
      purge: {
        ...other,
        targets: [
          { kind: "url", target: "/a" },
          { kind: "tag", tag: "t" },
        ],
      },
      unknown: ["shop"],
    });
  });
});
