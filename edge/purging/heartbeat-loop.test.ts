import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import { BEGINNING } from "../../purge-log/position.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { beatOf } from "../../test/rig/purge-log-entries.ts";
import { ElapsedTime } from "./elapsed-time.ts";
import { HeartbeatLoop } from "./heartbeat-loop.ts";

describe("the heartbeats of an edge with nothing to do", () => {
  for (const { leaseMs, periodMs } of [
    { leaseMs: 1_500, periodMs: 500 },
    { leaseMs: 3_000, periodMs: 1_000 },
    { leaseMs: 30_000, periodMs: 1_000 },
  ]) {
    it(`come every ${periodMs} ms with a lease of ${leaseMs} ms`, async () => {
      const clock = new ManualClock();
      let beats = 0;
      const loop = new HeartbeatLoop({
        purgeLog: {
          heartbeat: async () => {
            beats += 1;
            return { runId: "run", tail: BEGINNING, first: undefined };
          },
        },
        clock,
        log: createLog("test", "silent"),
        leaseMs,
        compose: () => beatOf("edge-1"),
        time: new ElapsedTime(clock),
        confirmed: () => undefined,
      });
      await loop.start();
      clock.advance(periodMs - 1);
      await turn();
      expect(beats).to.equal(1);
      clock.advance(1);
      await turn();
      expect(beats).to.equal(2);
      await loop.stop();
    });
  }
});
