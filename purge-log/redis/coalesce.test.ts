import { expect } from "chai";
import { Coalesced } from "./coalesce.ts";

describe("coalesced work", () => {
  /** One for each run that was begun or is awaited: when it begins, and its outcome. */
  let runs: { readonly began: PromiseWithResolvers<void>; readonly outcome: PromiseWithResolvers<number> }[];
  let begun: number;
  let shared: Coalesced<number>;

  const run = (index: number) => {
    while (runs.length <= index) {
      runs.push({ began: Promise.withResolvers(), outcome: Promise.withResolvers() });
    }
    const one = runs[index];
    if (one === undefined) throw new Error(`there is no run ${index}`);
    return one;
  };

  beforeEach(() => {
    runs = [];
    begun = 0;
    shared = new Coalesced(
      () => {
        const { began, outcome } = run(begun);
        begun += 1;
        began.resolve();
        return outcome.promise;
      },
      () => Promise.resolve(),
    );
  });

  it("is done once for those who ask before it begins", async () => {
    const asked = [shared.next(), shared.next()];
    await run(0).began.promise;
    run(0).outcome.resolve(1);
    expect(await Promise.all(asked)).to.deep.equal([1, 1]);
    expect(begun).to.equal(1);
  });

  it("is done once more, when it is over, for all who ask while it is under way", async () => {
    const first = shared.next();
    await run(0).began.promise;
    const later = [shared.next(), shared.next()];
    expect(begun).to.equal(1);
    run(0).outcome.resolve(1);
    await run(1).began.promise;
    run(1).outcome.resolve(2);
    expect([await first, await Promise.all(later)]).to.deep.equal([1, [2, 2]]);
    expect(begun).to.equal(2);
  });

  it("fails for all callers that share it, and for no later one", async () => {
    const asked = [shared.next(), shared.next()].map((each) => each.catch(() => "failed"));
    await run(0).began.promise;
    const later = shared.next();
    run(0).outcome.reject(new Error("no"));
    expect(await Promise.all(asked)).to.deep.equal(["failed", "failed"]);
    await run(1).began.promise;
    run(1).outcome.resolve(2);
    expect(await later).to.equal(2);
  });
});
