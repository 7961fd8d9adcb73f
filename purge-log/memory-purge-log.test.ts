import { expect } from "chai";
import type { Clock } from "../process/clock.ts";
import { systemClock } from "../process/clock.ts";
import { purgeLogContract } from "../test/contracts/purge-log.contract.ts";
import { accepted, beatOf, purgeOf } from "../test/rig/purge-log-entries.ts";
import { KNOWN_PURGE_BYTES } from "./known-purges.ts";
import { KEPT_CHARACTERS, KEPT_ENTRIES, KNOWN_PURGES_BYTES, SAME_PURGE_MS } from "./log-limits.ts";
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

  it("knows as many purgeIds again as fit, and purges once more for an older one", async () => {
    const log = new MemoryPurgeLog(handClock());
    const idOf = (i: number) => `p${String(i).padStart(7, "0")}`;
    const fit = Math.floor(KNOWN_PURGES_BYTES / (KNOWN_PURGE_BYTES + idOf(0).length));
    const seqOf = async (i: number) => accepted(await log.append(purgeOf(idOf(i)), BEGINNING)).seq;
    for (let i = 1; i <= fit; i += 1) await seqOf(i);
    expect(await seqOf(1)).to.equal(1);
    await seqOf(fit + 1);
    expect(await seqOf(2)).to.equal(2);
    expect(await seqOf(1)).to.equal(fit + 2);
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

  it("keeps no more characters than fit, and no fewer entries than fit", async () => {
    const log = new MemoryPurgeLog(handClock());
    const targets = Array.from({ length: 20 }, () => ({ kind: "tag", tag: "t".repeat(8_000) }) as const);
    const characters = JSON.stringify({ ...purgeOf("p100"), targets }).length;
    const fit = Math.floor(KEPT_CHARACTERS / characters);
    const appended = async (from: number, to: number) => {
      for (let i = from; i < to; i += 1) await log.append({ ...purgeOf(`p${i}`), targets }, BEGINNING);
      return (await log.heartbeat(beatOf("edge-1"))).first?.seq;
    };
    expect(await appended(100, 100 + fit)).to.equal(0);
    expect(await appended(100 + fit, 100 + 2 * fit)).to.be.within(fit - 1, fit + 1);
  });
});
