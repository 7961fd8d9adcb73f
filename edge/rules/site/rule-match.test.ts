import { expect } from "chai";
import { Fields } from "../../../http/message/fields.ts";
import { processorMs } from "../../../test/rig/processor-time.ts";
import { CompiledMatch, type MatchedRequest, type PathReading } from "./rule-match.ts";
import type { RuleMatch } from "./site-rule.ts";

const request = (target: string, cookie = ""): MatchedRequest => ({
  method: "GET",
  target,
  fields: Fields.of([["Cookie", cookie]]),
});

const matches = (match: RuleMatch, asked: MatchedRequest, reading: PathReading = "normal"): boolean =>
  new CompiledMatch(match, reading).matchesRequest(asked);

describe("the match of a rule", () => {
  it("asks for a parameter by name, by pattern and by any of its values", () => {
    expect(matches({ query: { a: [] } }, request("/?b&a"))).to.equal(true);
    expect(matches({ query: { a: [] } }, request("/?A"))).to.equal(false);
    expect(matches({ query: { "u_*": [] } }, request("/?u_x"))).to.equal(true);
    expect(matches({ query: { "u_*": ["1"] } }, request("/?u_x=2&u_y=1"))).to.equal(true);
    expect(matches({ query: { a: ["2"] } }, request("/?a=1&a=2"))).to.equal(true);
    expect(matches({ query: { a: ["2"] } }, request("/?a=1&%61=3"))).to.equal(false);
  });

  it("asks for a parameter in any case when it guards", () => {
    expect(matches({ query: { Debug: ["1"] } }, request("/?dEBUG=1"), "any")).to.equal(true);
    expect(matches({ query: { "De*": ["1"] } }, request("/?dEBUG=1"), "any")).to.equal(true);
    expect(matches({ query: { Debug: ["1"] } }, request("/?dEBUG=2"), "any")).to.equal(false);
  });

  it("asks for a cookie as it is written", () => {
    expect(matches({ cookie: { a: ["1"] } }, request("/", "b=2; a=1"))).to.equal(true);
    expect(matches({ cookie: { a: ["1"] } }, request("/", "A=1; a=2"))).to.equal(false);
  });

  it("asks for one name of a list, and for all of a map", () => {
    const one = { cookie: ["a", "b_*"] };
    expect([matches(one, request("/", "b_1=x")), matches(one, request("/", "a=x; c=y"))]).to.deep.equal([
      true,
      true,
    ]);
    expect(matches(one, request("/", "b=x"))).to.equal(false);
    expect(matches({ query: { a: [], b: [] } }, request("/?a"))).to.equal(false);
    expect(matches({ query: { a: [], b: [] } }, request("/?a&b"))).to.equal(true);
  });

  it("asks for every reading of a path when it lifts a guard", () => {
    const open = { path: ["/open/**"] };
    for (const target of ["/open/a", "/OPEN/a", "/open/%61"])
      expect(matches(open, request(target), "every"), target).to.equal(true);
    for (const target of ["/open/..;/shut", "/open/%2e%2e/shut", "/shut/../open/a", "/open/%252e%252e/shut"])
      expect(matches(open, request(target), "every"), target).to.equal(false);
  });

  it("takes the query and the cookies of a request apart once, however many rules ask", () => {
    const asking = (count: number): (() => void) => {
      const rules = Array.from({ length: count }, (_, at) => [
        new CompiledMatch({ query: { [`q${at}`]: ["1"] } }, at % 2 === 0 ? "any" : "normal"),
        new CompiledMatch({ cookie: { [`c${at}`]: ["1"] } }, "normal"),
      ]).flat();
      return () => {
        const asked = request(`/?${"a&".repeat(4_000)}`, "a;".repeat(3_900));
        for (const match of rules) match.matchesRequest(asked);
      };
    };
    const [few, many] = [asking(2), asking(200)];
    const costOf = (work: () => void) => {
      work();
      return processorMs(() => {
        for (let times = 0; times < 20; times += 1) work();
      });
    };
    expect(costOf(many)).to.be.lessThan(10 * costOf(few));
  });
});
