import { expect } from "chai";
import { createLog } from "../../../process/log.ts";
import { FrailDisk } from "../../../test/rig/frail-disk.ts";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import { NO_MARK } from "./frame.ts";
import { SegmentLog } from "./segment-log.ts";

const MIB = 2 ** 20;

describe("the log of segments", () => {
  it("keeps nothing in memory of a frame that is written but its head", async () => {
    const log = new SegmentLog(
      {
        files: new FrailDisk(),
        clock: new ManualClock(),
        log: createLog("test", "silent"),
        size: 64 * MIB,
        owner: () => owner,
        dropped: () => true,
      },
      [],
    );
    const owner = { runId: "run-1", origins: {} };
    const hash = { high: 1, low: 2 };
    log.append({ kind: "responses", hash, payload: Buffer.alloc(MIB), mark: NO_MARK });
    await log.flushed();
    const [segment] = log.segments.values();
    const kept = segment?.heads?.map(({ buffer }) => buffer.byteLength) ?? [];
    expect(kept).to.have.length(2);
    expect(Math.max(...kept)).to.be.below(MIB);
    await log.close();
  });
});
