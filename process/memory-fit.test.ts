import { expect } from "chai";
import { memoryAtHand, memoryFit } from "./memory-fit.ts";

const MIB = 2 ** 20;

/** For --memory 256MiB. */
function fitOf(heapMib: number, residentMib: number) {
  const need = { memory: 256 * MIB, edges: 1, promised: 544 * MIB };
  return memoryFit(need, { heapLimit: heapMib * MIB, resident: residentMib * MIB });
}

describe("memory that is asked for", () => {
  it("fits where heap and container have room for all of it", () => {
    expect(fitOf(464, 544)).to.deep.equal({ kind: "fits" });
  });

  it("is refused with a heap that it would overflow, with the two things to change", () => {
    expect(fitOf(463, 10_000)).to.deep.equal({
      kind: "refused",
      text: "--memory: must be at most 255MiB with a heap of 463MiB, or node be given --max-old-space-size=368; got 256MiB",
    });
  });

  it("is tight in a container that is smaller than what it takes at most", () => {
    expect(fitOf(4_096, 543)).to.deep.equal({
      kind: "tight",
      text: "--memory: should be at most 255MiB in 543MiB of memory, or the container be given 544MiB; got 256MiB",
    });
    expect(fitOf(4_096, 416).kind).to.equal("tight");
  });

  it("is refused in a container that it does not fit into at all", () => {
    expect(fitOf(4_096, 415).kind).to.equal("refused");
    expect(fitOf(4_096, 100)).to.deep.include({
      text: "--memory: should be at most 0MiB in 100MiB of memory, or the container be given 544MiB; got 256MiB",
    });
  });

  it("is counted for each edge of the process", () => {
    const need = { memory: 256 * MIB, edges: 3, promised: 1_312 * MIB };
    const at = (heapMib: number) => memoryFit(need, { heapLimit: heapMib * MIB, resident: 9_999 * MIB });
    expect(at(1_104).kind).to.equal("fits");
    expect(at(1_103)).to.deep.include({
      text: "--memory: must be at most 255MiB with a heap of 1103MiB, or node be given --max-old-space-size=1008; got 256MiB for each of 3 edges",
    });
  });

  it("is compared with what this process has", () => {
    const { heapLimit, resident } = memoryAtHand();
    expect(heapLimit).to.be.greaterThan(32 * MIB);
    expect(resident).to.be.greaterThan(heapLimit / 16);
  });
});
