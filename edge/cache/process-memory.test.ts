import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import { besideDisk, processMemory } from "./process-memory.ts";

const MIB = 2 ** 20;
const PLAN = { memory: 64 * MIB, edges: 1, threads: 0 };

describe("the memory of a process", () => {
  const log = createLog("test", "silent");

  it("is 192 MiB more with a disk, for what is read and written at a time", () => {
    const without = processMemory(PLAN, log).promised;
    expect(processMemory({ ...PLAN, disk: true }, log).promised - without).to.equal(192 * MIB);
  });

  it("grows with the table of what is on disk", () => {
    const memory = processMemory({ ...PLAN, disk: true }, log);
    const disk = { indexBytes: 3 * MIB };
    const watched = besideDisk(memory, disk);
    expect(watched.promised - memory.promised).to.equal(3 * MIB);
    disk.indexBytes = 48 * MIB;
    expect(watched.promised - memory.promised).to.equal(48 * MIB);
    expect(watched.rss()).to.be.above(MIB);
    expect(besideDisk(memory, undefined)).to.equal(memory);
  });
});
