import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import type { Position } from "../../purge-log/position.ts";
import type { LogEntry } from "../../purge-log/purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { LogFollowing } from "./log-following.ts";

const entry = (seq: number): LogEntry => ({
  position: { epoch: 1, seq },
  content: { kind: "barrier", reason: "test" },
});

describe("following the purge log", () => {
  it("begins again where the edge is, a second after a fault", async () => {
    const clock = new ManualClock();
    const asked: Position[] = [];
    const applied: number[] = [];
    let position: Position = { epoch: 1, seq: 0 };
    const following = new LogFollowing({
      purgeLog: {
        async *follow(after, signal) {
          asked.push(after);
          yield [entry(after.seq + 1)];
          if (asked.length === 1) throw new Error("broken on purpose");
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      },
      clock,
      log: createLog("test", "silent"),
      position: () => position,
      apply: async (entries) => {
        for (const each of entries) {
          applied.push(each.position.seq);
          position = each.position;
        }
      },
    });
    following.start();
    await clock.waited();
    expect(applied).to.deep.equal([1]);
    clock.advance(999);
    await turn();
    expect(asked).to.have.length(1);
    clock.advance(1);
    await turn();
    expect(asked.map(({ seq }) => seq)).to.deep.equal([0, 1]);
    expect(applied).to.deep.equal([1, 2]);
    await following.stop();
  });
});
