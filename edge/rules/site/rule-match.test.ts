import { expect } from "chai";
import { Fields } from "../../../http/message/fields.ts";
import { processorMs } from "../../../test/rig/processor-time.ts";
import { CompiledMatch, type MatchedRequest } from "./rule-match.ts";
import type { RuleMatch } from "./site-rule.ts";

const request = (target: string, cookie = ""): MatchedRequest => ({
  method: "GET",
  target,
  fields: Fields.of([["Cookie", cookie]]),
});

const matches = (match: RuleMatch, asked: MatchedRequest, guards = false): boolean =>
  new CompiledMatch(match, guards).matchesRequest(asked);

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
    expect(matches({ query: { Debug: ["1"] } }, request("/?dEBUG=1"), true)).to.equal(true);
    expect(matches({ query: { "De*": ["1"] } }, request("/?dEBUG=1"), true)).to.equal(true);
    expect(matches({ query: { Debug: ["1"] } }, request("/?dEBUG=2"), true)).to.equal(false);
  });

  it("asks for a cookie as it is written", () => {
    expect(matches({ cookie: { a: ["1"] } }, request("/", "b=2; a=1"))).to.equal(true);
    expect(matches({ cookie: { a: ["1"] } }, request("/", "A=1; a=2"))).to.equal(false);
  });

  it("takes the query and the cookies of a request apart once, however many rules ask", () => {
    const asking = (count: number): (() => void) => {
      const rules = Array.from({ length: count }, (_, at) => [
        new CompiledMatch({ query: { [`q${at}`]: ["1"] } }, at % 2 === 0),
        new CompiledMatch({ cookie: { [`c${at}`]: ["1"] } }, false),
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
