import { expect } from "chai";
import { createLog } from "../../../process/log.ts";
import { FrailDisk } from "../../../test/rig/frail-disk.ts";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import type { DiskFile } from "./disk-files.ts";
import { FrameReads, MOST_READING } from "./frame-reads.ts";
import { fewOpen } from "./open-files.ts";

describe("reads of frames", () => {
  let clock: ManualClock;
  let reads: FrameReads;
  let begun: PromiseWithResolvers<number>[];
  const file: DiskFile = {
    write: async () => undefined,
    sync: async () => undefined,
    close: async () => undefined,
    read: () => {
      const read = Promise.withResolvers<number>();
      begun.push(read);
      return read.promise;
    },
  };

  beforeEach(() => {
    clock = new ManualClock();
    reads = new FrameReads({ clock, log: createLog("test", "silent") });
    begun = [];
  });

  afterEach(() => reads.end());

  it("take so many bytes at a time, and the others wait for their turn", async () => {
    const half = Buffer.alloc(MOST_READING / 2);
    const all = [1, 2, 3].map(() => reads.read(file, half, 0));
    expect([begun.length, reads.bytes]).to.deep.equal([2, MOST_READING]);
    begun[0]?.resolve(half.byteLength);
    expect(await all[0]).to.equal("read");
    await new Promise((resolve) => setImmediate(resolve));
    expect([begun.length, reads.bytes]).to.deep.equal([3, MOST_READING]);
    begun[1]?.resolve(half.byteLength - 1);
    begun[2]?.resolve(half.byteLength);
    expect(await Promise.all(all)).to.deep.equal(["read", "not-as-written", "read"]);
  });

  it("count no error where the file was closed before their turn", async () => {
    const closed = await fewOpen(new FrailDisk()).open("a", "new");
    await closed.close();
    expect(await reads.read(closed, Buffer.alloc(8), 0)).to.equal("not-as-written");
    expect([reads.health.errors, reads.health.trouble]).to.deep.equal([0, undefined]);
  });

  it("hold nobody up when the disk hangs, and try it again later", async () => {
    const hung = reads.read(file, Buffer.alloc(8), 0);
    await clock.waited();
    clock.advance(1_000);
    expect(await hung).to.equal("not-now");
    expect([reads.rests, reads.health.errors]).to.deep.equal([true, 1]);
    expect(await reads.read(file, Buffer.alloc(8), 0)).to.equal("not-now");
    clock.advance(30_000);
    const again = reads.read(file, Buffer.alloc(8), 0);
    begun[1]?.resolve(8);
    expect(await again).to.equal("read");
  });
});
