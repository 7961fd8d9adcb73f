import { expect } from "chai";
import { writtenRules } from "../../../test/rig/written-rules.ts";
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
});
