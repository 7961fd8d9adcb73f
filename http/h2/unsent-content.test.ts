import { expect } from "chai";
import { UnsentContent } from "./unsent-content.ts";

describe("content that waits for a window", () => {
  it("is taken in order, in whatever parts the windows allow", () => {
    const unsent = new UnsentContent();
    for (const piece of ["abc", "", "defg"]) unsent.push(Buffer.from(piece));
    const out = Buffer.alloc(8, "-");
    expect([unsent.size, unsent.take(out, 1, 2), unsent.size]).to.deep.equal([7, 2, 5]);
    expect([unsent.take(out, 3, 3), unsent.take(out, 6, 9), unsent.size]).to.deep.equal([3, 2, 0]);
    expect(out.toString()).to.equal("-abcdefg");
    expect(unsent.take(out, 0, 1)).to.equal(0);
  });

  it("is let go of", () => {
    const unsent = new UnsentContent();
    unsent.push(Buffer.from("abc"));
    unsent.drop();
    expect([unsent.size, unsent.take(Buffer.alloc(3), 0, 3)]).to.deep.equal([0, 0]);
  });
});
