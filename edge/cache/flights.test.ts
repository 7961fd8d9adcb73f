import { expect } from "chai";
import { leftBehind } from "../../test/rig/garbage.ts";
import { GiveUp } from "../origin/give-up.ts";
import { Flights } from "./flights.ts";

describe("fills in flight", () => {
  it("leave nothing to the next full collection when they are over", async () => {
    const flights = new Flights<object>();
    let key = 0;
    const left = await leftBehind(async (payload) => {
      key += 1;
      const launch = {
        left: new GiveUp(),
        fetch: async () => payload,
        whole: async () => undefined,
      };
      await flights.launch(`/${key}`, launch).finished;
    });
    expect(left).to.be.below(0.5);
  });
});
