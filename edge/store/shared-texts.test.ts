import { expect } from "chai";
import { isText, SharedTexts, textOfWords, wordsOfText } from "./shared-texts.ts";
import { extentIn, offsetOf } from "./slab.ts";

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

  it("are compared with a copy of what stood there", () => {
    const pieces: SharedArrayBuffer[] = [];
    const texts = new SharedTexts({ poisons: true, onPiece: (_, memory) => pieces.push(memory) });
    const address = texts.take("ü€ text");
    const [extent] = pieces.map((memory) => extentIn(memory));
    if (extent === undefined) throw new Error("no memory was shared");
    const at = offsetOf(address);
    const words = wordsOfText(extent, at);
    const isThere = () => isText(extent, at, words);
    expect([textOfWords(words), isThere()]).to.deep.equal(["ü€ text", true]);
    texts.give(address);
    expect(isThere()).to.equal(false);
    expect([texts.take("ü€ texU"), isThere()]).to.deep.equal([address, false]);
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
