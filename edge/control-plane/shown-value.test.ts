import { expect } from "chai";
import { shownValue } from "./shown-value.ts";

describe("shownValue", () => {
  it("shows what clients can read, up to 100 characters", () => {
    expect(shownValue("accept-language", "de, en;q=0.5")).to.equal("de, en;q=0.5");
    expect(shownValue("Accept", "a".repeat(100))).to.equal("a".repeat(100));
    expect(shownValue("Accept", "a".repeat(101))).to.equal(`${"a".repeat(100)}…`);
  });

  it("shows a digest of every other field, by which equal values can be recognised", () => {
    for (const name of ["cookie", "Authorization", "PROXY-AUTHORIZATION", "x-api-key", "made-up"]) {
      // The digest of "abc" in FIPS 180-2, appendix B.1.
      expect(shownValue(name, "abc")).to.equal("(sha256 ba7816bf…)");
    }
  });

  it("shows nothing for a request that came without the field", () => {
    expect(shownValue("cookie", undefined)).to.equal("");
    expect(shownValue("cookie", "")).to.equal("");
  });
});
