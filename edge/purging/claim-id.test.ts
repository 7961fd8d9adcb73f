import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { createLog } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { beatOf } from "../../test/rig/purge-log-entries.ts";
import { claimId } from "./claim-id.ts";

describe("claiming an edge's id", () => {
  const own = { edge: "edge-1", bootId: "second" };
  let clock: ManualClock;
  let purgeLog: MemoryPurgeLog;
  beforeEach(() => {
    clock = new ManualClock();
    purgeLog = new MemoryPurgeLog(clock);
  });
  const claim = () => claimId(own, { purgeLog, clock, log: createLog("test", "silent") });

  it("is nothing to wait for where only others, or this boot, are known", async () => {
    await purgeLog.heartbeat(beatOf("edge-2"));
    await purgeLog.heartbeat({ ...beatOf("edge-1"), bootId: "second" });
    await claim();
    expect(clock.monotonic()).to.equal(0);
  });

  it("waits for the lease of one that has crashed", async () => {
    await purgeLog.heartbeat(beatOf("edge-1"));
    const claimed = claim();
    await clock.waited();
    // 2 s of lease, 1 % for the rates of clocks, 100 ms for a heartbeat on its way.
    clock.advance(2120);
    await claimed;
  });

  it("fails, naming the flag, the rule and the value, when the other one lives", async () => {
    await purgeLog.heartbeat(beatOf("edge-1"));
    const claimed = claim().catch((thrown: unknown) => thrown);
    await clock.waited();
    clock.advance(1000);
    await purgeLog.heartbeat(beatOf("edge-1"));
    clock.advance(1120);
    const thrown = await claimed;
    expect(thrown).to.be.instanceOf(Failure);
    expect(thrown).to.include({
      code: "edge-id-taken",
      message:
        '--id: no two edges may share one on one purge log, got "edge-1", which the edge with gRPC at 127.0.0.1:50051 has',
    });
  });

  it("is left to the log where the log does not answer", async () => {
    purgeLog.members = async () => {
      throw new Failure("log-unreachable", "log", "nobody there");
    };
    await claim();
  });
});
