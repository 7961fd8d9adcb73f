import { expect } from "chai";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { harms } from "./disks.ts";
import { describeFault, diskSchedule, kindOf, type Step, schedule } from "./schedule.ts";

function steps(seed: number, count: number): Step[] {
  const endless = schedule(new SeededRandom(seed), 3, 1_000, true);
  return Array.from({ length: count }, () => endless.next().value);
}

describe("the schedule of faults", () => {
  it("is decided by its seed", () => {
    expect(steps(7, 100)).to.deep.equal(steps(7, 100));
    expect(steps(7, 100)).not.to.deep.equal(steps(8, 100));
  });

  it("brings every kind of fault once before any comes again", () => {
    const met = new Set(steps(1, 27).flatMap(({ faults }) => faults.map(kindOf)));
    expect([...met].sort()).to.deep.equal([
      "FLUSHALL",
      "FLUSHALL again and again",
      "Forget of an edge that may serve",
      "Redis restarted with its data",
      "Redis restarted without data",
      "Redis stopped and continued",
      "XTRIM",
      "black hole for replies",
      "black hole for requests",
      "black hole for requests and replies",
      "clock of Redis set",
      "connections reset",
      "edge killed and restarted",
      "edge killed, its disk harmed",
      "edge stopped and continued",
      "edge suspended",
      "replica promoted without the last writes",
      "replies delayed",
      "reply dropped",
      "rogue entry",
      "rows of the table of edges lost",
      "wrong type at a key",
    ]);
  });

  it("kills edges with disks again and again, harms their files in every way, and changes the log meanwhile", () => {
    const endless = diskSchedule(new SeededRandom(3), 3, 1_000);
    const met = Array.from({ length: 20 }, () => endless.next().value).flatMap(({ faults }) => faults);
    expect(met.filter(({ kind }) => kind === "edge-killed")).to.have.lengthOf.at.least(10);
    expect(new Set(met.flatMap((fault) => ("harm" in fault ? [fault.harm] : [])))).to.have.keys(...harms);
    expect(new Set(met.map(kindOf))).to.include.keys(
      "FLUSHALL",
      "XTRIM",
      "replica promoted without the last writes",
    );
  });

  it("names whom a fault befalls, and for how long", () => {
    expect(describeFault({ kind: "edge-stopped", edge: 1, ms: 1_500.4 })).to.equal(
      "edge stopped and continued (edge-2) for 1500 ms",
    );
    const link = { kind: "link", edges: [0, 2], fault: { kind: "reset" }, ms: 0 } as const;
    expect(describeFault(link)).to.equal("connections reset (edge-1, edge-3)");
  });
});
