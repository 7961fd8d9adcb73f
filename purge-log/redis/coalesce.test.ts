import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Coalesced } from "./coalesce.ts";

describe("shared work", () => {
  let begun: PromiseWithResolvers<number>[];
  let shared: Coalesced<number>;
  beforeEach(() => {
    begun = [];
    shared = new Coalesced(
      () => {
        const work = Promise.withResolvers<number>();
        begun.push(work);
        return work.promise;
      },
      () => Promise.resolve(),
    );
  });

  it("is done once for those who ask before it begins", async () => {
    const asked = [shared.next(), shared.next()];
    await turn();
    expect(begun).to.have.length(1);
    begun[0]?.resolve(1);
    expect(await Promise.all(asked)).to.deep.equal([1, 1]);
  });

  it("is done once more, when it is over, for all who ask while it is under way", async () => {
    const first = shared.next();
    await turn();
    const later = [shared.next(), shared.next()];
    await turn();
    expect(begun).to.have.length(1);
    begun[0]?.resolve(1);
    await turn();
    await turn();
    expect(begun).to.have.length(2);
    begun[1]?.resolve(2);
    expect([await first, await Promise.all(later)]).to.deep.equal([1, [2, 2]]);
  });

  it("that fails fails for those who shared it, and for nobody after them", async () => {
    const asked = [shared.next(), shared.next()].map((each) => each.catch(() => "failed"));
    await turn();
    const later = shared.next();
    begun[0]?.reject(new Error("no"));
    expect(await Promise.all(asked)).to.deep.equal(["failed", "failed"]);
    await turn();
    begun[1]?.resolve(2);
    expect(await later).to.equal(2);
  });
});
