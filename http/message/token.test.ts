import { expect } from "chai";
import { isToken } from "./token.ts";

describe("isToken", () => {
  it("takes the characters of RFC 9110 section 5.6.2 and no other byte", () => {
    const allowed = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (let code = 0; code < 256; code += 1) {
      const char = String.fromCharCode(code);
      expect(isToken(char), `byte ${code}`).to.equal(allowed.includes(char));
    }
  });

  it("takes one character or more, and none that another byte stands beside", () => {
    expect(["", "a", "Cache-Status", "a b", "a\n", "a:"].map(isToken)).to.deep.equal([
      false,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
