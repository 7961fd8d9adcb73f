import { expect } from "chai";
import { groupOf, runSeconds, turnSeconds } from "./run-length.ts";
import { type Workload, workloads } from "./workloads.ts";

describe("the length of a run", () => {
  it("of all workloads as they come is below 30 minutes", () => {
    expect(runSeconds(workloads, 6, { rounds: 3, seconds: 2 })).to.be.below(30 * 60);
  });

  it("grows with caches, rounds and seconds", () => {
    const [one] = workloads as [Workload];
    const short = runSeconds([one], 1, { rounds: 1, seconds: 1 });
    expect(runSeconds([one], 1, { rounds: 3, seconds: 2 }) - short).to.equal(5);
    expect(runSeconds([one], 2, { rounds: 1, seconds: 1 }) - short).to.be.within(2, 2.1);
  });
});

describe("a turn", () => {
  it("is as long as it was asked for, and longer when many connections have to be opened", () => {
    const lengths = workloads.map((workload) => turnSeconds(workload, 2));
    expect(Math.min(...lengths)).to.equal(2);
    expect(Math.max(...lengths)).to.equal(5);
  });
});

describe("the workloads of the benchmark", () => {
  it("have a name each", () => {
    const names = workloads.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });

  it("of one group stand together, so that servers start once for each", () => {
    const groups = workloads.map(groupOf);
    const starts = groups.filter((group, at) => group !== groups[at - 1]);
    expect(starts).to.deep.equal([...new Set(groups)]);
  });
});
