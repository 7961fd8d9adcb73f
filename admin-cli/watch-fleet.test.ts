import { expect } from "chai";
import { systemClock } from "../process/clock.ts";
import type { EdgeStats } from "../proto/gen/edgecache/v1/edge.ts";
import { type ScratchEdge, startScratchEdge } from "../test/rig/scratch-edge.ts";
import type { Asked } from "./fleet.ts";
import { watchFleet } from "./watch-fleet.ts";

const PERIOD_MS = 50;

describe("watchFleet", () => {
  const leave = new AbortController();
  let first: ScratchEdge;
  let second: ScratchEdge;
  let reports: AsyncGenerator<Asked<EdgeStats>[]>;

  /** The states of edge-1, edge-2 … in the first report for which `wanted` holds. */
  async function until(wanted: (states: (string | undefined)[]) => boolean): Promise<void> {
    for (;;) {
      const report = await reports.next();
      if (report.done === true) throw new Error("the watch has ended");
      if (wanted(report.value.map(({ answer }) => answer?.state))) return;
    }
  }

  before(async () => {
    first = await startScratchEdge("edge-1");
    second = await startScratchEdge("edge-2");
    first.script.members = [first.member(), second.member()];
    second.script.members = first.script.members;
    reports = watchFleet(
      { addresses: [first.address], proof: { token: undefined, identity: undefined } },
      PERIOD_MS,
      systemClock,
      leave.signal,
    );
  });
  after(() => Promise.all([first.stop(), second.stop()]));

  it("begins with what every edge says at once", async () => {
    const report = await reports.next();
    expect(report.value?.map(({ answer }: Asked<EdgeStats>) => answer?.edge)).to.deep.equal([
      "edge-1",
      "edge-2",
    ]);
  });

  it("shows an edge that stopped as unreachable, and shows it again when it is back", async () => {
    await second.stop();
    await until(([, state]) => state === undefined);
    second = await startScratchEdge("edge-2", second.address);
    second.script.members = first.script.members;
    await until(([, state]) => state === "serving");
  });

  it("goes on when the edge first asked is gone, and finds an edge that joined", async () => {
    const third = await startScratchEdge("edge-3");
    second.script.members = [first.member(), second.member(), third.member()];
    await first.stop();
    await until(([one, two, three]) => one === undefined && two === "serving" && three === "serving");
    await third.stop();
  });

  it("closes every stream when it is left", async () => {
    leave.abort();
    expect(await reports.next()).to.deep.equal({ done: true, value: undefined });
    await new Promise<void>((resolve) => {
      const look = () => (second.watchers() === 0 ? resolve() : setImmediate(look));
      look();
    });
  });

  it("throws when no edge answers at the start", async () => {
    const { signal } = new AbortController();
    const outcome = await watchFleet(
      { addresses: ["127.0.0.1:1"], proof: { token: undefined, identity: undefined } },
      PERIOD_MS,
      systemClock,
      signal,
    )
      .next()
      .catch((thrown: unknown) => thrown);
    expect(outcome).to.have.property("code", "edge-unreachable");
  });
});
