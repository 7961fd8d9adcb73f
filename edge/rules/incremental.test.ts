import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { isIncremental } from "./incremental.ts";

describe("Incremental", () => {
  for (const [value, wanted] of [
    ["?1", true],
    ["?1;a=b", true],
    ["?0", false],
    ["1", false],
    ["true", false],
    ["?1, ?1", false],
    ["", false],
  ] as const) {
    it(`${wanted ? "asks" : "does not ask"} to be passed on at once by ${JSON.stringify(value)}`, () => {
      expect(isIncremental(Fields.of([["Incremental", value]]))).to.equal(wanted);
    });
  }

  it("is not there in most requests", () => {
    expect(isIncremental(Fields.of([]))).to.equal(false);
  });
});
