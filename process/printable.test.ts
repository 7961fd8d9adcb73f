import { expect } from "chai";
import { printable } from "./printable.ts";

describe("printable", () => {
  it("leaves letters of any script as they are", () => {
    expect(printable("edge-1 café 東京 → ok")).to.equal("edge-1 café 東京 → ok");
  });

  it("shows what would move the cursor, colour text or turn its direction", () => {
    expect(printable("a\u001b[31mb\r\nc\u009b2Jd\u202ee\u2028f")).to.equal(
      "a\\u{1b}[31mb\\u{d}\\u{a}c\\u{9b}2Jd\\u{202e}e\\u{2028}f",
    );
  });
});
