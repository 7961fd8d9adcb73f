import { expect } from "chai";
import { processorMs } from "../../../test/rig/processor-time.ts";
import { writtenRules } from "../../../test/rig/written-rules.ts";
import { possiblePaths, possibleTargets, seenTarget } from "./possible-targets.ts";
import type { RuleBook } from "./rule-book.ts";

const bookOf = (rules: readonly string[]) =>
  writtenRules(`rules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}`).book;

const IGNORE = "{key: {query: {ignore: [tracking], sort: true}}}";
const hostRule = (host: number) => `{match: {host: t${host}.example}, rewrite: "/t${host}{path}"}`;

const all = (book: RuleBook, target: string, most = Number.POSITIVE_INFINITY) =>
  possibleTargets(book, seenTarget(target), most);

describe("the targets that requests may have by the rules of a site", () => {
  it("are the target itself where no rule changes it", () => {
    expect(all(bookOf(["{tags: t}"]), "/a?b")).to.deep.equal(["/a?b"]);
  });

  it("are all that rules make of it whose conditions may hold", () => {
    const book = bookOf([hostRule(1), hostRule(2), IGNORE]);
    expect(all(book, "/a?b=1&a=1&gclid=2")).to.have.members([
      "/a?b=1&a=1&gclid=2",
      "/a?a=1&b=1",
      "/t1/a?a=1&b=1",
      "/t2/a?a=1&b=1",
    ]);
  });

  it("do not include what the path rules out", () => {
    const book = bookOf(['{match: {path: /old/**}, rewrite: "/new/{rest}"}', IGNORE]);
    expect(all(book, "/old/x?b")).to.have.members(["/old/x?b", "/new/x?b"]);
    expect(all(book, "/x?b")).to.deep.equal(["/x?b"]);
  });

  it("are none when they may be more than are wanted", () => {
    const book = bookOf([hostRule(1), hostRule(2), "{match: {host: a}, key: {query: {keep: [a]}}}"]);
    expect(all(book, "/x?b", 6)).to.have.members(["/x?b", "/x", "/t1/x?b", "/t1/x", "/t2/x?b", "/t2/x"]);
    expect(all(book, "/x?b", 5)).to.equal(undefined);
    // No query is left in one way only.
    expect([all(book, "/x", 3)?.length, all(book, "/x", 2)]).to.deep.equal([3, undefined]);
    expect(possiblePaths(book, "/x?b")).to.have.members(["/x", "/t1/x", "/t2/x"]);
  });

  it("are none when many rules would read a long query", () => {
    const ignoring = (of: number) => `{match: {host: t${of}.example}, key: {query: {ignore: [x${of}]}}}`;
    // And one of which no rule holds.
    const book = bookOf(Array.from({ length: 19 }, (_, of) => ignoring(of)));
    const target = (length: number) => `/x?${"a".repeat(length - 1)}`;
    expect(all(book, target(5_000))).to.deep.equal([target(5_000)]);
    expect(all(book, target(5_001))).to.equal(undefined);
    expect(possiblePaths(book, target(5_001))).to.deep.equal(["/x"]);
  });

  it("cost hardly more with many rewrites: the query, which a client can make long, is looked at once", () => {
    const costOf = (rewrites: number) => {
      const book = bookOf([...Array.from({ length: rewrites }, (_, host) => hostRule(host)), IGNORE]);
      const find = () => {
        for (let times = 0; times < 10; times += 1) all(book, `/x?${"a&".repeat(4_000)}`);
      };
      find();
      return processorMs(find);
    };
    expect(costOf(150)).to.be.lessThan(20 * costOf(1));
  });
});
