import { expect } from "chai";
import { RandomHex } from "./random-hex.ts";

describe("RandomHex", () => {
  it("makes names of the length, and none twice", () => {
    const hex = new RandomHex(8);
    const names = Array.from({ length: 600 }, () => hex.next());
    expect(new Set(names).size).to.equal(600);
    for (const name of names) expect(name).to.match(/^[0-9a-f]{16}$/);
  });
});
