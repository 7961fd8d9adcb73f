import { expect } from "chai";
import { WorkSlice } from "../../process/work-slice.ts";
import { BusyClock } from "../../test/rig/busy-clock.ts";
import { label, purgeOf } from "../../test/rig/purge-log-entries.ts";
import { BATCH_ENTRIES } from "../log-limits.ts";
import { PURGE_FIELD } from "../purge-codec.ts";
import { decodeBatch } from "./stream-follower.ts";

describe("the entries of one read", () => {
  it("are decoded in slices, since each may take some milliseconds", async () => {
    const clock = new BusyClock(1);
    const ids = Array.from({ length: BATCH_ENTRIES }, (_, i) => `p${i}`);
    const entries = ids.map((id, i) => [`7-${i + 1}`, [PURGE_FIELD, JSON.stringify(purgeOf(id))]] as const);
    const batch = await decodeBatch(entries, 7, new WorkSlice(clock));
    clock.stop();
    expect(batch?.map(label)).to.deep.equal(ids);
    expect(clock.longestTurnMs).to.be.within(2, 5);
  });
});
