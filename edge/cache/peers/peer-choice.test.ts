import { expect } from "chai";
import { choosePeer, ownerOf, type PeerFacts } from "./peer-choice.ts";

const IDS = ["edge-1", "edge-2", "edge-3", "edge-4"];
const peersOf = (self: string, ids = IDS) =>
  ids.filter((id) => id !== self).map((id) => ({ id, address: `${id}:80` }));
const named = (self: string, target: string, ids = IDS) =>
  ownerOf({ site: "shop", target }, self, peersOf(self, ids))?.id ?? self;
const targets = Array.from({ length: 4_000 }, (_, i) => `/page/${i}`);

const plain: PeerFacts = {
  site: "shop",
  target: "/page",
  byPeer: false,
  wantsWhole: true,
  personal: false,
  demanded: false,
  byRules: false,
  hitForMiss: false,
  atPosition: true,
  invalidated: false,
  shield: [],
};

describe("the edge that a path belongs to", () => {
  it("is the same wherever it is asked for", () => {
    for (const target of targets.slice(0, 200))
      expect(new Set(IDS.map((self) => named(self, target))).size, target).to.equal(1);
  });

  it("is each edge for its part of the paths", () => {
    for (const id of IDS)
      expect(targets.filter((target) => named("edge-1", target) === id).length).to.be.within(900, 1_100);
  });

  it("stays when another edge leaves", () => {
    for (const target of targets.slice(0, 500)) {
      const before = named("edge-1", target);
      if (before !== "edge-4") expect(named("edge-1", target, IDS.slice(0, 3))).to.equal(before);
    }
  });

  it("does not depend on the query", () => {
    expect(named("edge-1", "/page?a=1")).to.equal(named("edge-1", "/page?b=2"));
  });
});

describe("whom a fetch asks first", () => {
  const owned = targets.find((target) => named("edge-1", target) === "edge-1") ?? "";
  const foreign = targets.find((target) => named("edge-1", target) === "edge-2") ?? "";
  const choose = (facts: Partial<PeerFacts>) =>
    choosePeer({ ...plain, target: foreign, ...facts }, "edge-1", peersOf("edge-1"));

  it("is the owner, or the origin where this edge is the owner", () => {
    expect(choose({})).to.deep.equal({ kind: "peer", peer: { id: "edge-2", address: "edge-2:80" } });
    expect(choose({ target: owned })).to.deep.equal({ kind: "origin", why: "owner" });
    expect(choosePeer({ ...plain, target: foreign }, "edge-1", [])).to.deep.equal({
      kind: "origin",
      why: "owner",
    });
  });

  it("is a shield where the site has some, then the next one, and among shields the owner", () => {
    const shield = ["edge-2", "edge-3"];
    const asked = choose({ shield });
    expect(asked).to.deep.equal({
      kind: "peer",
      peer: { id: "edge-2", address: "edge-2:80" },
      next: { id: "edge-3", address: "edge-3:80" },
    });
    const at = (self: string, target: string) =>
      choosePeer({ ...plain, target, shield }, self, peersOf(self));
    expect(at("edge-2", foreign)).to.deep.equal({ kind: "origin", why: "owner" });
    expect(at("edge-3", foreign)).to.deep.equal({
      kind: "peer",
      peer: { id: "edge-2", address: "edge-2:80" },
    });
    const alone = choosePeer({ ...plain, target: foreign, shield: ["edge-3"] }, "edge-1", peersOf("edge-1"));
    expect(alone).to.deep.equal({ kind: "peer", peer: { id: "edge-3", address: "edge-3:80" } });
  });

  for (const [facts, why] of [
    [{ byPeer: true }, "by-peer"],
    [{ wantsWhole: false }, "part"],
    [{ personal: true }, "personal"],
    [{ demanded: true }, "demanded"],
    [{ byRules: true }, "rules"],
    [{ hitForMiss: true }, "hit-for-miss"],
    [{ atPosition: false }, "position"],
    [{ invalidated: true }, "invalidated"],
    [{ shield: ["edge-7"] }, "no-shield"],
  ] as const)
    it(`is the origin where it must be: ${why}`, () =>
      expect(choose(facts)).to.deep.equal({ kind: "origin", why }));
});
