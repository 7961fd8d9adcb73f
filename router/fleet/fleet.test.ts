import { expect } from "chai";
import { pino } from "pino";
import { systemClock } from "../../process/clock.ts";
import { RoutedEdge } from "../../test/rig/routed-edge.ts";
import { Fleet } from "./fleet.ts";

describe("the fleet", () => {
  it("is measured when its only edge leaves before it has answered", async () => {
    const edge = await RoutedEdge.start("silent", { silent: true });
    const fleet = new Fleet({
      log: pino({ level: "silent" }),
      clock: systemClock,
      random: Math.random,
      choice: { policy: "nearest", regions: new Map(), routerId: "r" },
      ejected: () => undefined,
      pinged: () => undefined,
      died: () => undefined,
      left: () => undefined,
    });
    fleet.set([{ grpcAddress: edge.grpcAddress, httpAddress: undefined }]);
    const measured = fleet.measured();
    fleet.set([]);
    await measured;
    expect(fleet.edges).to.deep.equal([]);
    await edge.stop();
  });
});
