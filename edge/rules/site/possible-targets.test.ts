import { expect } from "chai";
import { processorMs } from "../../../test/rig/processor-time.ts";
import { writtenRules } from "../../../test/rig/written-rules.ts";
import { possibleTargets } from "./possible-targets.ts";

const bookOf = (rules: readonly string[]) =>
  writtenRules(`rules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}`).book;

const IGNORE = "{key: {query: {ignore: [tracking], sort: true}}}";
const hostRule = (host: number) => `{match: {host: t${host}.example}, rewrite: "/t${host}{path}"}`;

describe("the targets that requests may have by the rules of a site", () => {
  it("are the target itself where no rule changes it", () => {
    expect(possibleTargets(bookOf(["{tags: t}"]), "/a?b")).to.deep.equal(["/a?b"]);
  });

  it("are all that rules make of it whose conditions may hold", () => {
    const book = bookOf([hostRule(1), hostRule(2), IGNORE]);
    expect(possibleTargets(book, "/a?b=1&a=1&gclid=2")).to.have.members([
      "/a?b=1&a=1&gclid=2",
      "/a?a=1&b=1",
      "/t1/a?a=1&b=1",
      "/t2/a?a=1&b=1",
    ]);
  });

  it("do not include what the path rules out", () => {
    const book = bookOf(['{match: {path: /old/**}, rewrite: "/new/{rest}"}', IGNORE]);
    expect(possibleTargets(book, "/old/x?b")).to.have.members(["/old/x?b", "/new/x?b"]);
    expect(possibleTargets(book, "/x?b")).to.deep.equal(["/x?b"]);
  });

  it("cost hardly more with many rewrites: the query, which a client can make long, is looked at once", () => {
    const costOf = (rewrites: number) => {
      const book = bookOf([...Array.from({ length: rewrites }, (_, host) => hostRule(host)), IGNORE]);
      const find = () => {
        for (let times = 0; times < 10; times += 1) possibleTargets(book, `/x?${"a&".repeat(4_000)}`);
      };
      find();
      return processorMs(find);
    };
    expect(costOf(150)).to.be.lessThan(20 * costOf(1));
  });
});
