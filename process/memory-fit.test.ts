import { expect } from "chai";
import { memoryAtHand, memoryFit } from "./memory-fit.ts";

const MIB = 2 ** 20;

/** For --memory 256MiB. */
function fitOf(heapMib: number, residentMib: number) {
  const need = { memory: 256 * MIB, edges: 1, promised: 518 * MIB };
  return memoryFit(need, { heapLimit: heapMib * MIB, resident: residentMib * MIB });
}

describe("memory that is asked for", () => {
  it("fits where heap and container have room for all of it", () => {
    expect(fitOf(272, 518)).to.deep.equal({ kind: "fits" });
  });

  it("is refused with a heap that it would overflow, with the two things to change", () => {
    expect(fitOf(271, 10_000)).to.deep.equal({
      kind: "refused",
      text: "--memory: must be at most 254MiB with a heap of 271MiB, or node be given --max-old-space-size=176; got 256MiB",
    });
  });

  it("is tight in a container that is smaller than what it takes at most", () => {
    expect(fitOf(4_096, 517)).to.deep.equal({
      kind: "tight",
      text: "--memory: should be at most 255MiB in 517MiB of memory, or the container be given 518MiB; got 256MiB",
    });
    expect(fitOf(4_096, 480).kind).to.equal("tight");
  });

  it("is refused in a container that it does not fit into at all", () => {
    expect(fitOf(4_096, 479).kind).to.equal("refused");
    expect(fitOf(4_096, 100)).to.deep.include({
      text: "--memory: should be at most 0MiB in 100MiB of memory, or the container be given 518MiB; got 256MiB",
    });
  });

  it("is counted for each edge of the process", () => {
    const need = { memory: 256 * MIB, edges: 3, promised: 1_107 * MIB };
    const at = (heapMib: number) => memoryFit(need, { heapLimit: heapMib * MIB, resident: 9_999 * MIB });
    expect(at(528).kind).to.equal("fits");
    expect(at(527)).to.deep.include({
      text: "--memory: must be at most 255MiB with a heap of 527MiB, or node be given --max-old-space-size=432; got 256MiB for each of 3 edges",
    });
  });

  it("is compared with what this process has", () => {
    const { heapLimit, resident } = memoryAtHand();
    expect(heapLimit).to.be.greaterThan(32 * MIB);
    expect(resident).to.be.greaterThan(heapLimit / 16);
  });
});
