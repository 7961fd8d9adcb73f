import { expect } from "chai";
import type { Clock } from "../process/clock.ts";
import { systemClock } from "../process/clock.ts";
import { purgeLogContract } from "../test/contracts/purge-log.contract.ts";
import { accepted, beatOf, purgeOf } from "../test/rig/purge-log-entries.ts";
import { KEPT_ENTRIES, SAME_PURGE_MS } from "./log-limits.ts";
import { MemoryPurgeLog } from "./memory-purge-log.ts";
import { BEGINNING } from "./position.ts";

purgeLogContract("MemoryPurgeLog", async () => {
  const log = new MemoryPurgeLog(systemClock);
  return { open: () => log, close: () => log.close() };
});

/** A clock that stands still until it is moved. */
function handClock(): Clock & { move(ms: number): void } {
  let now = 1_000_000;
  return {
    wall: () => now,
    monotonic: () => now,
    wait: () => Promise.reject(new Error("this clock waits for nobody")),
    move: (ms) => {
      now += ms;
    },
  };
}

describe("MemoryPurgeLog", () => {
  it("forgets a purgeId after ten minutes", async () => {
    const clock = handClock();
    const log = new MemoryPurgeLog(clock);
    const first = accepted(await log.append(purgeOf("a"), BEGINNING));
    clock.move(SAME_PURGE_MS - 1);
    expect(accepted(await log.append(purgeOf("a"), BEGINNING))).to.deep.equal(first);
    clock.move(1);
    expect(accepted(await log.append(purgeOf("a"), BEGINNING)).seq).to.equal(first.seq + 1);
  });

  it("tells the age of a heartbeat by its clock", async () => {
    const clock = handClock();
    const log = new MemoryPurgeLog(clock);
    await log.heartbeat(beatOf("edge-1"));
    clock.move(1234);
    expect((await log.members())[0]?.heartbeatAgeMs).to.equal(1234);
  });

  it("keeps about 100000 entries, and its first entry tells which", async () => {
    const log = new MemoryPurgeLog(handClock());
    for (let i = 0; i < KEPT_ENTRIES + 5000; i += 1) await log.append(purgeOf(`p${i}`), BEGINNING);
    const { first, tail } = await log.heartbeat(beatOf("edge-1"));
    expect(tail.seq).to.equal(KEPT_ENTRIES + 5000);
    expect(tail.seq - (first?.seq ?? 0)).to.be.within(KEPT_ENTRIES - 1, KEPT_ENTRIES + 1000);
  });
});
