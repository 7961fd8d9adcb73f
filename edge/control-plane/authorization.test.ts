import { Metadata } from "@grpc/grpc-js";
import { expect } from "chai";
import { authorize } from "./authorization.ts";
import { Token } from "./token.ts";

const token = new Token("right");

function problemOf(...values: readonly string[]): string | undefined {
  const metadata = new Metadata();
  for (const value of values) metadata.add("authorization", value);
  return authorize(metadata, token)?.problem;
}

describe("authorization", () => {
  it("is given with the token as bearer, in any case of the scheme", () => {
    for (const value of ["Bearer right", "bearer right", "BEARER  right"]) {
      expect(problemOf(value), value).to.equal(undefined);
    }
  });

  it("is needed only where there is a token", () => {
    expect(authorize(new Metadata(), undefined)).to.equal(undefined);
  });

  const refused: readonly (readonly [what: string, values: readonly string[], got: string])[] = [
    ["nothing", [], "got none"],
    ["another token", ["Bearer wrong"], "got another token"],
    ["a token that only begins right", ["Bearer righter"], "got another token"],
    ["the token without a scheme", ["right"], "got something else"],
    ["another scheme", ["Basic right"], "got something else"],
    ["no token", ["Bearer "], "got something else"],
    ["two, of which one is right", ["Bearer wrong", "Bearer right"], "got 2 of them"],
  ];
  for (const [what, values, got] of refused) {
    it(`is refused for ${what}, in a sentence that does not repeat it`, () => {
      const problem = problemOf(...values);
      expect(problem).to.match(/^authorization: must be the metadata `authorization: Bearer /);
      expect(problem?.endsWith(`: ${got}`), problem).to.equal(true);
      expect(problem).not.to.match(/wrong|right/);
    });
  }
});
