import { expect } from "chai";
import { GiveUp } from "../origin/give-up.ts";
import { SliceSignals } from "./slice-signals.ts";

describe("the signals of slices", () => {
  /** Counts what waits for it. */
  class Counted extends GiveUp {
    listeners = 0;
    override addEventListener(type: "abort", listener: () => void): void {
      this.listeners += 1;
      super.addEventListener(type, listener);
    }
  }

  it("are two at a time, however many slices there are, and one listener", () => {
    const left = new Counted();
    const signals = new SliceSignals(left);
    const all = Array.from({ length: 1_000 }, () => signals.next());
    expect(left.listeners).to.equal(1);
    left.abort("gone");
    expect(all.filter((each) => each?.aborted === true)).to.deep.equal(all.slice(-2));
    expect(all.at(-1)?.reason).to.equal("gone");
  });

  it("are the client's own once it has left, and none where nobody leaves", () => {
    const left = new GiveUp();
    const signals = new SliceSignals(left);
    left.abort();
    expect(signals.next()).to.equal(left);
    expect(new SliceSignals(undefined).next()).to.equal(undefined);
  });
});
