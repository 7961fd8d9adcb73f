import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../test/rig/manual-clock.ts";
import { LogSampler } from "./log-sampler.ts";

describe("LogSampler", () => {
  let clock: ManualClock;
  let sampler: LogSampler;
  let written: string[];
  beforeEach(() => {
    clock = new ManualClock();
    sampler = new LogSampler(clock);
    written = [];
  });

  const line = (kind: string, text = kind) =>
    sampler.line(kind, (times) => written.push(times === undefined ? text : `${text} × ${times}`));
  const pass = async (ms: number) => {
    await turn();
    clock.advance(ms);
    await turn();
  };

  it("writes the first line of each kind at once", () => {
    line("404");
    line("405");
    expect(written).to.deep.equal(["404", "405"]);
  });

  it("writes the latest of the others when a second is over, with their number", async () => {
    for (const text of ["a", "b", "c", "d"]) line("404", text);
    await pass(999);
    expect(written).to.deep.equal(["a"]);
    await pass(1);
    expect(written).to.deep.equal(["a", "d × 3"]);
  });

  it("writes at most one line a second while a flood goes on, and begins anew when it is over", async () => {
    line("404", "first");
    for (let second = 0; second < 3; second++) {
      for (let i = 0; i < 2_000; i++) line("404", `${second}`);
      await pass(1000);
    }
    expect(written).to.deep.equal(["first", "0 × 2000", "1 × 2000", "2 × 2000"]);
    await pass(1000);
    expect(clock.waiting).to.equal(0);
    line("404", "again");
    expect(written.at(-1)).to.equal("again");
  });

  it("keeps at most 500 kinds; the others share one", async () => {
    for (let i = 0; i < 600; i++) line(`kind-${i}`);
    expect(written).to.have.length(501);
    await pass(1000);
    expect(written.at(-1)).to.equal("kind-599 × 99");
  });
});
