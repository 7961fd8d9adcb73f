import { expect } from "chai";
import { lowerCase } from "./lower-case.ts";

describe("the name of a field in lower case", () => {
  it("is that of the name, whatever the name is, and again", () => {
    const names = [
      "User-Agent",
      "USER-AGENT",
      "user-agent",
      "X-\u00c4",
      "X-\u0130",
      "",
      "x".repeat(41),
      "X".repeat(40),
    ];
    for (const name of [...names, ...names]) expect(lowerCase(name)).to.equal(name.toLowerCase());
  });

  it("is right for more names than are kept", () => {
    for (let n = 0; n < 1_000; n += 1) expect(lowerCase(`X-Made-Up-${n}`)).to.equal(`x-made-up-${n}`);
    expect(lowerCase("Accept")).to.equal("accept");
  });
});
