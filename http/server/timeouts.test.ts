import { expect } from "chai";
import { Patience } from "./timeouts.ts";

describe("patience", () => {
  it("gives an edge 40 s to begin its answer", () => {
    const patience = new Patience();
    patience.waitFor("edge", 100);
    expect(patience.overdue(40_100)).to.equal(undefined);
    expect(patience.overdue(40_101)).to.equal("edge");
  });

  it("gives all edges that are tried in turn one span together", () => {
    const patience = new Patience();
    patience.waitFor("edge", 0);
    patience.waitFor("nobody", 20_000);
    patience.waitFor("edge", 50_000);
    expect(patience.overdue(70_000)).to.equal(undefined);
    expect(patience.overdue(70_001)).to.equal("edge");
  });

  it("gives an edge its whole span again when more of the body has come for it", () => {
    const patience = new Patience();
    patience.waitFor("edge", 0);
    patience.waitFor("sender", 29_000);
    patience.tookBody(1);
    patience.waitFor("edge", 30_000);
    expect(patience.overdue(70_000)).to.equal(undefined);
    expect(patience.overdue(70_001)).to.equal("edge");
  });

  it("cuts a client that sends one byte every five seconds after some 30 s", () => {
    const patience = new Patience();
    patience.waitFor("sender", 0);
    let now = 5000;
    for (; patience.overdue(now) === undefined; now += 5000) {
      patience.tookBody(1);
      patience.waitFor("edge", now);
      patience.waitFor("sender", now);
    }
    expect(patience.overdue(now)).to.equal("sender");
    expect(now).to.equal(35_000);
  });

  it("lets a large body take as long as it needs while it comes at 2 KiB a second", () => {
    const patience = new Patience();
    for (let now = 0; now < 3_600_000; now += 1000) {
      patience.waitFor("sender", now);
      expect(patience.overdue(now + 999)).to.equal(undefined);
      patience.tookBody(2048);
      patience.waitFor("edge", now + 1000);
    }
  });

  it("cuts a client that takes nothing of its answer for 30 s", () => {
    const patience = new Patience();
    patience.waitFor("reader", 0);
    expect(patience.overdue(30_000)).to.equal(undefined);
    expect(patience.overdue(30_001)).to.equal("reader");
  });

  it("has no limit while the answer is arriving, and 60 s when it stands still", () => {
    const patience = new Patience();
    for (let now = 0; now < 3_600_000; now += 59_000) {
      patience.waitFor("answer", now);
      expect(patience.overdue(now + 60_000)).to.equal(undefined);
      expect(patience.overdue(now + 60_001)).to.equal("answer");
    }
  });
});
