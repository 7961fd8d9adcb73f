import { expect } from "chai";
import { Ghosts } from "./ghosts.ts";

describe("what was given up lately", () => {
  it("is recognised once when it comes again", () => {
    const ghosts = new Ghosts();
    ghosts.add(7, 2_000);
    expect([ghosts.take(7), ghosts.take(7), ghosts.take(8)]).to.deep.equal([true, false, false]);
  });

  it("is as many as there may be, and the oldest is forgotten for one more", () => {
    const ghosts = new Ghosts();
    for (let hash = 0; hash < 2_000; hash += 1) ghosts.add(hash, 2_000);
    expect(ghosts.size).to.equal(2_000);
    ghosts.add(2_000, 2_000);
    expect(ghosts.size).to.equal(2_000);
    expect([ghosts.take(0), ghosts.take(1)]).to.deep.equal([false, true]);
  });

  it("is a thousand at least, however few there may be", () => {
    const ghosts = new Ghosts();
    for (let hash = 0; hash < 1_025; hash += 1) ghosts.add(hash, 1);
    expect(ghosts.size).to.equal(1_024);
  });
});
