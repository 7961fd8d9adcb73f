import { expect } from "chai";
import { writtenRules } from "../../../test/rig/written-rules.ts";
import { possibleTargets, seenTarget } from "./possible-targets.ts";
import { alikeByTarget } from "./target-rules.ts";

const bookOf = (...rules: readonly string[]) =>
  writtenRules(`rules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}`).book;

const IGNORE = "{key: {query: {ignore: [tracking]}}}";

describe("the rules by which sites give requests other targets", () => {
  it("are alike where the same rules make them, in the same order, whatever other rules there are", () => {
    const books = new Map([
      ["a", bookOf(IGNORE)],
      ["b", bookOf("{tags: t}", "{name: n, key: {query: {ignore: [tracking]}, accept: [webp]}}")],
      ["c", bookOf("{match: {path: /c}, key: {query: {ignore: [tracking]}}}")],
      ["d", bookOf(IGNORE, '{rewrite: "/d{path}"}')],
      ["e", bookOf(IGNORE, '{rewrite: "/e{path}"}')],
      ["f", bookOf(IGNORE)],
    ]);
    const alike = alikeByTarget(books).map(({ sites }) => sites);
    expect(alike).to.deep.equal([["a", "b", "f"], ["c"], ["d"], ["e"]]);
  });

  it("are not alike where one of the rules also guards, and so matches more spellings of a path", () => {
    const books = new Map([
      ["a", bookOf("{match: {path: /A}, rewrite: /b}")],
      ["b", bookOf("{match: {path: /A}, rewrite: /b, deny: [10.0.0.0/8]}")],
    ]);
    expect([...books.values()].map((book) => possibleTargets(book, seenTarget("/a"), 2))).to.deep.equal([
      ["/a"],
      ["/a", "/b"],
    ]);
    expect(alikeByTarget(books).map(({ sites }) => sites)).to.deep.equal([["a"], ["b"]]);
  });
});
