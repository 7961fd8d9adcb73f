import { expect } from "chai";
import { Ghosts } from "./ghosts.ts";

describe("what was given up lately", () => {
  it("is recognised once when it comes again", () => {
    const ghosts = new Ghosts();
    ghosts.add(7, 2_000);
    expect([ghosts.take(7, 2_000), ghosts.take(7, 2_000), ghosts.take(8, 2_000)]).to.deep.equal([
      true,
      false,
      false,
    ]);
  });

  it("is as many as are wanted, and the oldest is forgotten for one more", () => {
    const ghosts = new Ghosts();
    for (let hash = 0; hash <= 2_000; hash += 1) ghosts.add(hash, 2_000);
    expect([ghosts.take(0, 2_000), ghosts.take(1, 2_000)]).to.deep.equal([false, true]);
  });

  it("knows a hash whose highest bit is set", () => {
    const ghosts = new Ghosts();
    ghosts.add(0xffff_fff0, 10);
    expect(ghosts.take(0xffff_fff0, 10)).to.equal(true);
  });

  it("is still known after the table has grown", () => {
    const ghosts = new Ghosts();
    ghosts.add(7, 10);
    for (let hash = 1_000; hash < 1_100; hash += 1) ghosts.add(hash, 50_000);
    expect(ghosts.take(7, 50_000)).to.equal(true);
  });

  it("takes 8 MiB at most, however many are wanted", () => {
    const ghosts = new Ghosts();
    ghosts.add(1, 2 ** 19);
    expect(ghosts.bytes).to.equal(8 * 2 ** 20);
    ghosts.add(2, 2 ** 30);
    expect(ghosts.bytes).to.equal(8 * 2 ** 20);
    ghosts.add(3, 2 ** 18);
    expect(ghosts.take(1, 10)).to.equal(true);
  });

  it("takes little where few are wanted", () => {
    const ghosts = new Ghosts();
    for (let hash = 0; hash < 10_000; hash += 1) ghosts.add(hash, 512);
    expect(ghosts.bytes).to.equal(8 * 2 ** 10);
  });
});
