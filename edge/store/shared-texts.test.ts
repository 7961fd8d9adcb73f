import { expect } from "chai";
import { SharedTexts } from "./shared-texts.ts";
import { Slab } from "./slab.ts";

describe("the texts that records share", () => {
  it("are kept once, until the last user has let go", () => {
    const slab = new Slab(true);
    const texts = new SharedTexts(slab);
    const first = texts.take("a");
    const other = texts.take("ü€");
    expect(texts.take("a")).to.equal(first);
    expect([texts.textAt(first), texts.textAt(other)]).to.deep.equal(["a", "ü€"]);
    expect([texts.give(first), texts.textAt(first), texts.give(first)]).to.deep.equal([false, "a", true]);
    expect([texts.give(other), slab.held]).to.deep.equal([true, 0]);
  });

  it("may be thousands", () => {
    const slab = new Slab(true);
    const texts = new SharedTexts(slab);
    const all = Array.from({ length: 5_000 }, (_, i) => `text ${i}`);
    const addresses = all.map((text) => texts.take(text));
    expect(addresses.map((address) => texts.textAt(address))).to.deep.equal(all);
    expect(all.map((text) => texts.take(text))).to.deep.equal(addresses);
    for (const address of [...addresses, ...addresses]) texts.give(address);
    expect(slab.held).to.equal(0);
  });
});
