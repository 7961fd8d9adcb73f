import { expect } from "chai";
import { SeededRandom } from "../../../learn/simulation/seeded-random.ts";
import { FrequencySketch } from "./frequency-sketch.ts";

describe("the counts of keys that came of late", () => {
  it("are exact for few keys, and go up to 15", () => {
    const sketch = new FrequencySketch();
    sketch.add(1, 3);
    sketch.add(-2, 14);
    sketch.add(-2, 1);
    sketch.add(3, 20);
    expect([1, -2, 3, 4].map((hash) => sketch.count(hash))).to.deep.equal([3, 15, 15, 0]);
  });

  it("of many keys do not spill into each other", () => {
    const sketch = new FrequencySketch();
    sketch.reach(2 ** 19);
    const hashes = Array.from({ length: 64 }, (_, n) => (n * 0x9e37_79b9) | 0);
    for (const [n, hash] of hashes.entries()) sketch.add(hash, n % 16);
    for (const [n, hash] of hashes.entries()) sketch.add(hash, n % 3);
    const expected = hashes.map((_, n) => Math.min(15, (n % 16) + (n % 3)));
    expect(hashes.map((hash) => sketch.count(hash))).to.deep.equal(expected);
  });

  it("stay as they are while it grows", () => {
    const sketch = new FrequencySketch();
    const random = new SeededRandom(1);
    const hashes = Array.from({ length: 100 }, () => random.whole(0, 2 ** 32 - 1) | 0);
    for (const [n, hash] of hashes.entries()) sketch.add(hash, n % 16);
    const before = hashes.map((hash) => sketch.count(hash));
    sketch.reach(5_000);
    expect(hashes.map((hash) => sketch.count(hash))).to.deep.equal(before);
  });

  it("are halved after 40 uses of each entry, one entry being an eighth of a row", () => {
    const sketch = new FrequencySketch();
    sketch.add(1, 10);
    for (let use = 10; use < 5 * 1_024 - 1; use += 1) sketch.add(2, 1);
    expect(sketch.count(1)).to.equal(10);
    sketch.add(2, 1);
    expect(sketch.count(1)).to.equal(5);
  });

  it("take 8 MiB at most, however many entries there are", () => {
    const sketch = new FrequencySketch();
    sketch.reach(2 ** 19);
    expect(sketch.bytes).to.equal(8 * 2 ** 20);
    sketch.reach(2 ** 24);
    expect(sketch.bytes).to.equal(8 * 2 ** 20);
  });
});
