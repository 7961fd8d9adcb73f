import { expect } from "chai";
import { takenParameter } from "./token-parameter.ts";

describe("the parameter with the token", () => {
  for (const [target, left] of [
    ["/a?t=1", "/a"],
    ["/a?t=1&b=2", "/a?b=2"],
    ["/a?b=%20&t=1&c", "/a?b=%20&c"],
    ["/a?&t=1", "/a?"],
    ["/a?t=", "/a"],
    ["/a?b=t=1&t=1", "/a?b=t=1"],
  ] as const) {
    it(`is taken out of ${target}, and the rest stays as it was written`, () => {
      expect(takenParameter(target, "t")).to.deep.include({ kind: "one", target: left });
    });
  }

  for (const target of ["/a", "/a?", "/a?b=t", "/t=1", "/a?T=1", "/a?tt=1"]) {
    it(`is not in ${target}`, () => {
      expect(takenParameter(target, "t")).to.deep.equal({ kind: "none" });
    });
  }

  for (const target of [
    "/a?t=1&t=1",
    "/a?%74=1",
    "/a?t",
    "/a?t=1&%74=2",
    "/a?b;t=1",
    "/a?t=1&b;t=2",
    "/a?t;t=1",
  ]) {
    it(`is unclear in ${target}`, () => {
      expect(takenParameter(target, "t")).to.deep.equal({ kind: "unclear" });
    });
  }
});
