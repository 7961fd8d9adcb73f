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

  describe("with an origin that does not answer", () => {
    let clock: ManualClock;
    let ends: PromiseWithResolvers<void>[];
    const slow = {
      probe() {
        ends.push(Promise.withResolvers());
        const [end] = ends.slice(-1);
        return end === undefined ? Promise.reject(new Error("no probe")) : end.promise;
      },
    };

    beforeEach(() => {
      clock = new ManualClock();
      [ends, isDown] = [[], false];
    });

    const bySite = async (reachable: ReachableOrigins): Promise<Record<string, string>> =>
      Object.fromEntries((await reachable.states()).map(({ site, state }) => [site, state]));

    it("answers after 750 ms, and not before, with what it knows of the others", async () => {
      const reachable = new ReachableOrigins(
        new Map([
          ["shop", origin],
          ["slow", slow],
        ]),
        { clock, log },
      );
      let told: Record<string, string> | undefined;
      const asked = bySite(reachable).then((states) => {
        told = states;
      });
      await clock.waited();
      clock.advance(749);
      await new Promise(setImmediate);
      expect(told).to.equal(undefined);
      clock.advance(1);
      await asked;
      expect(told).to.deep.equal({ shop: "reachable", slow: "unreachable" });
      expect(reachable.known[1]?.error).to.equal("no connection within 750 ms");
    });

    it("has one question under way, and takes its answer when it comes", async () => {
      const reachable = new ReachableOrigins(new Map([["slow", slow]]), { clock, log });
      for (let second = 0; second < 4; second += 1) {
        const asked = bySite(reachable);
        if (second === 0) await clock.waited();
        clock.advance(1_000);
        expect(await asked).to.deep.equal({ slow: "unreachable" });
      }
      expect(ends).to.have.length(1);
      ends[0]?.resolve();
      await new Promise(setImmediate);
      expect(reachable.known[0]?.state).to.equal("reachable");
    });

    it("leaves one that could be reached as it was, until it is known that it cannot", async () => {
      const reachable = new ReachableOrigins(new Map([["slow", slow]]), { clock, log });
      const first = bySite(reachable);
      await clock.waited();
      ends[0]?.resolve();
      expect(await first).to.deep.equal({ slow: "reachable" });
      clock.advance(1_000);
      const second = bySite(reachable);
      await clock.waited();
      clock.advance(1_000);
      expect(await second).to.deep.equal({ slow: "reachable" });
      ends[1]?.reject(new Error("Connecting took longer than 5000 ms"));
      await new Promise(setImmediate);
      expect(reachable.known[0]).to.include({
        state: "unreachable",
        error: "Connecting took longer than 5000 ms",
      });
    });

    it("forgets a site that is gone", async () => {
      const sites = new Map([
        ["shop", origin],
        ["gone", origin],
      ]);
      const reachable = new ReachableOrigins(sites, { clock, log });
      expect(await bySite(reachable)).to.have.keys("shop", "gone");
      sites.delete("gone");
      expect(reachable.known.map(({ site }) => site)).to.deep.equal(["shop"]);
    });
  });
});
