import { expect } from "chai";
import { SharedTexts } from "./shared-texts.ts";

describe("the texts that records share", () => {
  it("are kept once, until the last user has let go", () => {
    const texts = new SharedTexts({ poisons: true });
    const first = texts.take("a");
    const other = texts.take("ü€");
    expect(texts.take("a")).to.equal(first);
    expect([texts.textAt(first), texts.textAt(other)]).to.deep.equal(["a", "ü€"]);
    expect([texts.give(first), texts.textAt(first), texts.give(first)]).to.deep.equal([false, "a", true]);
    expect([texts.give(other), texts.held]).to.deep.equal([true, 0]);
  });

  it("may be thousands", () => {
    const texts = new SharedTexts({ poisons: true });
    const all = Array.from({ length: 5_000 }, (_, i) => `text ${i}`);
    const addresses = all.map((text) => texts.take(text));
    expect(addresses.map((address) => texts.textAt(address))).to.deep.equal(all);
    expect(all.map((text) => texts.take(text))).to.deep.equal(addresses);
    for (const address of [...addresses, ...addresses]) texts.give(address);
    expect(texts.held).to.equal(0);
  });
});
