import { expect } from "chai";
import { StoreReader } from "../../store/store-reader.ts";
import { Copies } from "./copies.ts";
import { SharedStore } from "./shared-store.ts";
import { SharedWords } from "./shared-words.ts";

describe("the copies of a serving thread", () => {
  it("tell of 256 keys at once of which another form was wanted, and of others the next time", () => {
    const sources = {
      words: new SharedWords(undefined, 4),
      reader: new StoreReader(new SharedStore().words),
      marks: new Uint8Array(2 ** 16),
    };
    const copies = new Copies(sources, 1_000);
    const missedOf = (from: number, to: number): number => {
      for (let key = from; key < to; key += 1) copies.miss({ key: `s /${key}` }, "br");
      return copies.takeUsed().missed.length;
    };
    expect([missedOf(0, 256), missedOf(0, 257), missedOf(256, 257)]).to.deep.equal([256, 256, 1]);
  });
});
