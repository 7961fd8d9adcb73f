import { expect } from "chai";
import fc from "fast-check";
import { hashText, rendezvousScore } from "./rendezvous.ts";

const winner = (key: string, nodes: readonly string[]) =>
  nodes.reduce((best, node) =>
    rendezvousScore(hashText(key), hashText(node)) > rendezvousScore(hashText(key), hashText(best))
      ? node
      : best,
  );
const keys = Array.from({ length: 20_000 }, (_, i) => `/assets/${i}.jpg`);

describe("rendezvous hashing", () => {
  it("hashes by FNV-1a", () => {
    expect(hashText("")).to.equal(0x811c9dc5);
    expect(hashText("foobar")).to.equal(0xbf9cf968);
    expect(hashText("bar", hashText("foo"))).to.equal(hashText("foobar"));
  });

  it("gives each node about its part of the keys", () => {
    const nodes = ["edge-1", "edge-2", "edge-3", "edge-4"];
    const counts = new Map(nodes.map((node) => [node, 0]));
    for (const key of keys) counts.set(winner(key, nodes), (counts.get(winner(key, nodes)) ?? 0) + 1);
    for (const count of counts.values()) expect(count).to.be.within(4700, 5300);
  });

  it("moves keys only to a node that joins", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(names, fc.string(), ([joined = "", ...nodes], key) => {
        expect(winner(key, [...nodes, joined])).to.be.oneOf([joined, winner(key, nodes)]);
      }),
    );
  });
});
