import { expect } from "chai";
import { answer, type Standing, ThreadWatch } from "./thread-watch.ts";

describe("the watch on the beats of a serving thread", () => {
  it("finds that it hangs after a hundred looks without a beat, and not before", () => {
    const watch = new ThreadWatch();
    const verdicts = Array.from({ length: 102 }, () => watch.look(1));
    expect(verdicts.slice(0, 101).every((verdict) => verdict === "alive")).to.equal(true);
    expect(verdicts[101]).to.equal("hangs");
  });

  it("begins anew with each beat, and after a verdict", () => {
    const watch = new ThreadWatch();
    for (let beats = 1; beats <= 3; beats += 1)
      for (let looks = 0; looks < 101; looks += 1) expect(watch.look(beats)).to.equal("alive");
    expect(watch.look(3)).to.equal("hangs");
    expect(watch.look(3)).to.equal("alive");
  });
});

describe("clients are answered", () => {
  for (const [threads, answered] of [
    [[], true],
    [["serves", "serves"], true],
    [["serves", "absent"], true],
    [["absent", "absent"], false],
    [["serves", "hangs"], false],
  ] satisfies [Standing[], boolean][]) {
    it(`${answered ? "" : "not "}by ${threads.length === 0 ? "one thread alone" : `threads of which one ${threads.join(", one ")}`}`, () => {
      expect(answer(threads)).to.equal(answered);
    });
  }
});
