import { getEventListeners } from "node:events";
import { expect } from "chai";
import { systemClock } from "../process/clock.ts";
import { MemoryPurgeLog } from "../purge-log/memory-purge-log.ts";
import { BEGINNING } from "../purge-log/position.ts";
import { purgeOf } from "../test/rig/purge-log-entries.ts";
import { SeverableLog } from "./severable-log.ts";

describe("a purge log that can be cut off", () => {
  it("has one listener for as long as it is followed, however many purges come", async () => {
    const log = new SeverableLog(new MemoryPurgeLog(systemClock));
    const ended = new AbortController();
    const entries = log.follow(BEGINNING, ended.signal);
    const listeners = async (purgeId: string): Promise<number> => {
      await log.append(purgeOf(purgeId), BEGINNING);
      await entries.next();
      return getEventListeners(ended.signal, "abort").length;
    };
    const first = await listeners("first");
    expect(await listeners("second")).to.equal(first);
    ended.abort();
    expect((await entries.next()).done).to.equal(true);
  });

  it("holds back what it is told while it is cut", async () => {
    const log = new SeverableLog(new MemoryPurgeLog(systemClock));
    const ended = new AbortController();
    const entries = log.follow(BEGINNING, ended.signal);
    await log.append(purgeOf("first"), BEGINNING);
    log.cut();
    expect((await log.append(purgeOf("second"), BEGINNING)).kind).to.equal("rejected");
    const next = entries.next();
    const still = Symbol("still");
    expect(await Promise.race([next, new Promise((resolve) => setImmediate(resolve, still))])).to.equal(
      still,
    );
    log.join();
    expect((await next).done).to.equal(false);
    ended.abort();
    await entries.return(undefined);
  });
});
