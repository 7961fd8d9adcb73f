import { expect } from "chai";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import { createLog } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { BEGINNING } from "../../purge-log/position.ts";
import type { Heartbeat } from "../../purge-log/purge-log.ts";
import { BusyClock } from "../rig/busy-clock.ts";
import { memoryStore } from "../rig/memory-store.ts";
import { accepted } from "../rig/purge-log-entries.ts";

const LEASE_MS = 2_000;
// At two looks at the clock each they take several leases.
const LOOK_MS = 2;
const CALLS = 2_000;

class CountingLog extends MemoryPurgeLog {
  beats: Heartbeat[] = [];

  override heartbeat(beat: Heartbeat) {
    this.beats.push(beat);
    return super.heartbeat(beat);
  }
}

describe("an edge behind a backlog of purges that takes longer than its lease", () => {
  let clock: BusyClock;
  let log: CountingLog;
  let follower: PurgeFollower;

  beforeEach(async () => {
    clock = new BusyClock(LOOK_MS);
    log = new CountingLog(clock);
    const parts = { purgeLog: log, store: memoryStore(1_000_000, clock), clock };
    follower = new PurgeFollower({ ...parts, leaseMs: LEASE_MS, log: createLog("test", "silent") });
    await follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
  });

  afterEach(async () => {
    const stopped = follower.stop();
    clock.stop();
    await stopped;
    await log.close();
  });

  it("lets others in after each slice, and goes on with its heartbeats", async () => {
    const targets = [{ kind: "tag", tag: "news" }] as const;
    const purge = { targets, soft: false, by: "test" };
    let last = BEGINNING;
    clock.longestTurnMs = 0;
    for (let i = 0; i < CALLS; i += 1)
      last = accepted(await log.append({ ...purge, purgeId: `p${i}` }, BEGINNING));
    // All of these appends were one turn, which is not the follower's.
    const [from, beats] = [clock.monotonic(), log.beats.length];
    await clock.wait(0);
    await clock.wait(0);
    clock.longestTurnMs = 0;
    while (follower.position.seq < last.seq) await clock.wait(0);
    const tookMs = clock.monotonic() - from;
    expect(tookMs).to.be.above(2 * LEASE_MS);
    expect(clock.longestTurnMs).to.be.within(5, 20);
    expect(log.beats.length - beats).to.be.at.least(Math.floor(tookMs / (LEASE_MS / 2)));
    expect(follower.purges).to.equal(CALLS);
    await clock.wait(LEASE_MS / 2);
    expect(follower.leaseLeftMs).to.be.above(0);
  });
});
