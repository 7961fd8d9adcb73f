import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { until } from "../../test/rig/until.ts";
import { AcmeFolder } from "./acme-folder.ts";
import { BEAT_MS, DEAD_MS, HELD_MS, OrderLock } from "./order-lock.ts";

describe("the lock of orders", () => {
  let path: string;
  let folder: AcmeFolder;
  let clock: ManualClock;

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), "edgecache-lock-"));
    folder = new AcmeFolder(path);
    await folder.prepare(createLog("test", "silent"));
    clock = new ManualClock();
  });
  afterEach(() => rmSync(path, { recursive: true }));

  const lock = () => new OrderLock(folder, clock);

  it("is held by one program, and free at once when it is released", async () => {
    const [first, second] = [lock(), lock()];
    expect(await first.take()).to.equal(true);
    expect(await second.take()).to.equal(false);
    expect([first.isHeld, second.isHeld]).to.deep.equal([true, false]);
    await first.release();
    expect(await second.take()).to.equal(true);
    expect(readdirSync(join(path, "lock"))).to.deep.equal(["2"]);
  });

  it("goes to one of many that ask at once", async () => {
    const all = Array.from({ length: 20 }, lock);
    const taken = await Promise.all(all.map((each) => each.take()));
    expect(taken.filter((each) => each)).to.have.length(1);
    expect(all.filter((each) => each.isHeld)).to.have.length(1);
  });

  it("is taken over from a dead holder by one of many, and not a moment before it counts as dead", async () => {
    const holder = lock();
    await holder.take();
    const others = Array.from({ length: 20 }, lock);
    const asked = () => Promise.all(others.map((each) => each.take()));
    expect(await asked()).not.to.include(true);
    clock.advance(DEAD_MS - 1);
    expect(await asked()).not.to.include(true);
    clock.advance(1);
    expect((await asked()).filter((each) => each)).to.have.length(1);
  });

  it("stays with a holder that says it lives", async () => {
    const [holder, other] = [lock(), lock()];
    await holder.take();
    const over = new AbortController();
    const beating = holder.keep(over.signal);
    for (let passed = 0; passed < 3 * DEAD_MS; passed += BEAT_MS) {
      await clock.waited();
      clock.advance(BEAT_MS);
      await clock.waited();
      expect([await other.take(), holder.isHeld]).to.deep.equal([false, true]);
    }
    over.abort();
    await beating;
    expect(holder.lost.aborted).to.equal(false);
  });

  it("is held no more by one that could not say so in time, before anybody may take it over", async () => {
    const holder = lock();
    await holder.take();
    clock.advance(HELD_MS - 1);
    expect(holder.isHeld).to.equal(true);
    clock.advance(1);
    expect(holder.isHeld).to.equal(false);
    expect(await lock().take()).to.equal(false);
  });

  it("is lost by a holder that wakes up after another one took over", async () => {
    const [sleeper, other] = [lock(), lock()];
    await sleeper.take();
    await other.take();
    clock.advance(DEAD_MS);
    expect(await other.take()).to.equal(true);
    const over = new AbortController();
    const beating = sleeper.keep(over.signal);
    await clock.waited();
    clock.advance(BEAT_MS);
    await beating.finally(() => over.abort());
    expect([sleeper.isHeld, sleeper.lost.aborted, other.lost.aborted]).to.deep.equal([false, true, false]);
    await sleeper.release();
    expect(await lock().take()).to.equal(false);
  });

  it("minds no files that are not its own", async () => {
    for (const name of ["999999999999999", "-1", "x", "1.5"]) writeFileSync(join(path, "lock", name), "");
    expect(await lock().take()).to.equal(true);
    await until("the lock has a file", () => readdirSync(join(path, "lock")).includes("1"));
  });
});
