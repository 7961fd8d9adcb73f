import { Writable } from "node:stream";
import { expect } from "chai";
import { pino } from "pino";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { ReachableOrigins } from "./reachable.ts";

describe("ReachableOrigins", () => {
  const lines: string[] = [];
  const log = pino(
    new Writable({
      write(line, _encoding, done) {
        lines.push(String(line));
        done();
      },
    }),
  );
  let isDown = false;
  let probes = 0;
  const origin = {
    async probe() {
      probes += 1;
      if (isDown) throw new Error("connect ECONNREFUSED 10.1.2.3:80");
    },
  };

  it("asks each origin once a second, however many ask, and tells the log why once", async () => {
    const clock = new ManualClock();
    const reachable = new ReachableOrigins(new Map([["shop", origin]]), { clock, log });
    const asked = await Promise.all(Array.from({ length: 300 }, () => reachable.unreachable()));
    expect([probes, asked[299]]).to.deep.equal([1, []]);
    isDown = true;
    await clock.advance(999);
    expect([await reachable.unreachable(), probes]).to.deep.equal([[], 1]);
    await clock.advance(1);
    expect([await reachable.unreachable(), probes]).to.deep.equal([["shop"], 2]);
    await clock.advance(1_000);
    expect([await reachable.unreachable(), probes]).to.deep.equal([["shop"], 3]);
    const [told] = reachable.known;
    expect(told?.error).to.contain("ECONNREFUSED");
    // It has been so since the look a second before.
    expect([told?.state, told?.sinceMs]).to.deep.equal(["unreachable", clock.wall() - 1_000]);
    isDown = false;
    await clock.advance(1_000);
    expect(await reachable.states()).to.deep.equal([
      { site: "shop", state: "reachable", sinceMs: clock.wall(), error: undefined },
    ]);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.contain("ECONNREFUSED 10.1.2.3:80");
  });
});
