import { expect } from "chai";
import fc from "fast-check";
import { PrefixTree } from "./prefix-tree.ts";

describe("a tree of prefixes", () => {
  it("finds what a walk through all of them finds", () => {
    const text = fc.string({ unit: fc.constantFrom("/", "a", "b"), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), text, (prefixes, searched) => {
        const tree = new PrefixTree<number>();
        for (const [index, prefix] of prefixes.entries()) tree.set(prefix, index);
        // The last value of each prefix counts.
        const expected = [...new Set(prefixes)]
          .filter((prefix) => searched.startsWith(prefix))
          .sort((a, b) => a.length - b.length)
          .map((prefix) => prefixes.lastIndexOf(prefix));
        expect([...tree.of(searched)]).to.deep.equal(expected);
      }),
    );
  });

  it("grows with what is new in it, and not with a prefix that it has", () => {
    const tree = new PrefixTree<number>();
    tree.set("/a/", 1);
    const { bytes } = tree;
    tree.set("/a/", 2);
    expect(tree.bytes).to.equal(bytes);
    tree.set("/a/b/", 3);
    expect(tree.bytes).to.be.greaterThan(bytes);
  });
});
