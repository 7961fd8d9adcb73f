import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { MOST_TARGETS } from "../../purge-log/purge.ts";
import { readPurgeBody } from "./purge-body.ts";

const read = (body: unknown) => readPurgeBody(body, () => "new");

describe("the body of a purge from the dashboard", () => {
  it("names targets once for each site", () => {
    const { targets, ...rest } = read({
      urls: ["/a"],
      tags: ["t"],
      sites: ["x", "y"],
      soft: true,
      wait: "1500ms",
    });
    expect(targets.map(({ site, target }) => `${site} ${target?.$case}`)).to.deep.equal([
      "x url",
      "x tag",
      "y url",
      "y tag",
    ]);
    const wait = { seconds: 1, nanos: 500_000_000 };
    expect(rest).to.deep.equal({
      purgeId: "new",
      soft: true,
      pace: 0,
      dryRun: false,
      wait,
      rebound: undefined,
    });
    expect(read({ all: true, purgeId: "mine" })).to.deep.include({
      purgeId: "mine",
      targets: [{ site: "", target: { $case: "everything", everything: true } }],
    });
  });

  const urls = (count: number) => ({ urls: Array.from({ length: count }, (_, i) => `/${i}`) });

  it("has as many targets as one purge may have", () => {
    expect(read(urls(MOST_TARGETS)).targets).to.have.length(MOST_TARGETS);
    expect(() => read(urls(MOST_TARGETS + 1))).to.throw(
      Failure,
      /^body: must name at most 1000 targets, got 1001$/,
    );
  });

  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^body: /],
    [[], /^body: /],
    [{}, /^body: must name urls, prefixes or tags, or have all, got nothing$/],
    [{ all: true, urls: ["/a"] }, /^all: must be the only target/],
    [{ urls: "/a" }, /^urls: /],
    [{ urls: [1] }, /^urls\[0\]: /],
    [{ urls: ["/a"], sites: [] }, /^sites: /],
    [{ urls: ["/a"], pace: 0 }, /^pace: /],
    [{ urls: ["/a"], wait: "soon" }, /^wait: must be a duration, such as 500ms, 5s or 1m, got "soon"$/],
    [{ urls: ["/a"], purge: 1 }, /purge/],
  ];
  for (const [body, message] of wrong) {
    it(`is refused: ${JSON.stringify(body) ?? "nothing"}`, () => {
      expect(() => read(body)).to.throw(Failure, message);
    });
  }
});
