import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import type { Purge } from "../../purge-log/purge.ts";
import { BusyClock } from "../../test/rig/busy-clock.ts";
import { writtenRules } from "../../test/rig/written-rules.ts";
import { Sites } from "../origin/sites.ts";
import { type KnownSites, meantHere } from "./known-sites.ts";

const sites = { names: ["shop", "blog"], digest: "here" };

function purgeOf(...targets: Purge["targets"]): Purge {
  return { purgeId: "p", targets, soft: false, by: "test" };
}

async function meant(purge: Purge, sites: KnownSites) {
  const { purge: here, unknown, widened } = await meantHere(purge, sites, new WorkSlice(systemClock));
  expect(widened).to.deep.equal([]);
  return { purge: here, unknown };
}

describe("a purge at an edge", () => {
  it("means what it says where every site that it names is known", async () => {
    const purge = purgeOf({ kind: "url", target: "/a", site: "shop" }, { kind: "tag", tag: "t" });
    expect(await meant(purge, sites)).to.deep.equal({ purge, unknown: [] });
  });

  it("means every site in the place of one that is not known, and only there", async () => {
    const known = { kind: "prefix", prefix: "/p/", site: "blog" } as const;
    const purge = purgeOf(
      { kind: "url", target: "/a", site: "store" },
      known,
      { kind: "tag", tag: "t", site: "store" },
      { kind: "everything", site: "old" },
    );
    expect(await meant(purge, sites)).to.deep.equal({
      purge: purgeOf({ kind: "url", target: "/a" }, known, { kind: "tag", tag: "t" }, { kind: "everything" }),
      unknown: ["store", "old"],
    });
  });

  it("means every site where the edge that took the call has other hosts for the names", async () => {
    const named = { kind: "url", target: "/a", site: "shop" } as const;
    const agreed = { ...purgeOf(named), sites: "here" };
    expect(await meant(agreed, sites)).to.deep.equal({ purge: agreed, unknown: [] });
    const other = { ...purgeOf(named, { kind: "tag", tag: "t" }), sites: "there" };
    expect(await meant(other, sites)).to.deep.equal({
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

  it("means what the rules of the sites say that are in force when the whole of it is known", async () => {
    const site = (rewrite: string) => ({
      name: "shop",
      hosts: [],
      origin: { kind: "directory", path: "/" } as const,
      rules: writtenRules(`rules:\n  - rewrite: "${rewrite}{path}"\n`),
    });
    const live = new Sites([site("/v1")]);
    const clock = new BusyClock(1);
    let reloads = 0;
    const reloading = {
      monotonic: () => clock.monotonic(),
      wait: async (ms: number) => {
        await clock.wait(ms);
        reloads += 1;
        if (reloads === 1) live.replace([site("/v2")]);
      },
    };
    const urls = Array.from({ length: 20 }, (_, at) => ({ kind: "url", target: `/${at}` }) as const);
    const { purge, targets } = await meantHere(purgeOf(...urls), live, new WorkSlice(reloading));
    clock.stop();
    const made = urls.map(({ target }) => ({ kind: "url", target: `/v2${target}` }));
    expect(purge.targets).to.deep.equal([...urls, ...made]);
    expect(targets).to.have.length(40);
  });
});
