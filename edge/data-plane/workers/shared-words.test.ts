import { expect } from "chai";
import { SharedWords } from "./shared-words.ts";

const AT = { wall: 1_800_000_000_000, monotonic: 5_000 };
const later = (monotonicMs: number, wallMs = monotonicMs) => ({
  wall: AT.wall + wallMs,
  monotonic: AT.monotonic + monotonicMs,
});

describe("the words that the threads of an edge share", () => {
  /** Two views of one memory, as two threads have it. */
  function twoViews(): { control: SharedWords; thread: SharedWords } {
    const control = new SharedWords(undefined, 4);
    return { control, thread: new SharedWords(control.buffer, 4) };
  }

  it("let a thread serve until the lease has run out by either clock", () => {
    const { control, thread } = twoViews();
    expect(thread.mayServe(AT)).to.equal(false);
    control.grantLease(2_000, AT);
    expect(thread.mayServe(later(0))).to.equal(true);
    expect(thread.mayServe(later(1_980))).to.equal(true);
    expect(thread.mayServe(later(2_000))).to.equal(false);
    // The machine was suspended, and the monotonic clock with it.
    expect(thread.mayServe(later(10, 2_000))).to.equal(false);
  });

  it("do not trust a wall clock that was set back, which can hide a suspension", () => {
    const { control, thread } = twoViews();
    control.grantLease(2_000, AT);
    expect(thread.mayServe(later(500, 410))).to.equal(true);
    expect(thread.mayServe(later(500, 380))).to.equal(false);
  });

  it("hold a lease of an hour at most, and none after it was taken back", () => {
    const { control, thread } = twoViews();
    control.grantLease(1e12, AT);
    expect(thread.mayServe(later(3_599_980))).to.equal(true);
    expect(thread.mayServe(later(3_600_000))).to.equal(false);
    control.grantLease(0, AT);
    expect(thread.mayServe(AT)).to.equal(false);
  });

  it("hold after the counts of both clocks have gone around", () => {
    const { control, thread } = twoViews();
    const around = { wall: 2 ** 31 * 10 * 41 - 500, monotonic: 2 ** 31 * 10 - 500 };
    control.grantLease(2_000, around);
    expect(thread.mayServe({ wall: around.wall + 1_000, monotonic: around.monotonic + 1_000 })).to.equal(
      true,
    );
    expect(thread.mayServe({ wall: around.wall + 2_010, monotonic: around.monotonic + 2_010 })).to.equal(
      false,
    );
  });

  it("let no thread serve while a purge is on its way through the store", () => {
    const { control, thread } = twoViews();
    control.grantLease(2_000, AT);
    control.searchBegins();
    control.searchBegins();
    control.searchEnds();
    expect(thread.mayServe(AT)).to.equal(false);
    control.searchEnds();
    expect(thread.mayServe(AT)).to.equal(true);
  });

  it("make a copy outdated by its key, or all at once", () => {
    const { control, thread } = twoViews();
    const [one, other] = [control.ticket(0), control.ticket(1)];
    expect([thread.isCurrent(one), thread.isCurrent(other)]).to.deep.equal([true, true]);
    control.drop(0);
    expect([thread.isCurrent(one), thread.isCurrent(other)]).to.deep.equal([false, true]);
    control.dropAll();
    expect([thread.isCurrent(one), thread.isCurrent(other)]).to.deep.equal([false, false]);
    expect(thread.isCurrent(control.ticket(0))).to.equal(true);
  });
});
