import { expect } from "chai";
import { systemClock } from "../process/clock.ts";
import { Failure } from "../process/failure.ts";
import { DemoControls } from "./demo-controls.ts";
import { DemoTraffic } from "./demo-traffic.ts";

describe("the controls of the demo", () => {
  let traffic: DemoTraffic;
  let controls: DemoControls;

  beforeEach(() => {
    // Nobody listens there.
    traffic = new DemoTraffic(["/"], () => "http://127.0.0.1:1", { clock: systemClock, random: () => 0 });
    controls = new DemoControls([], traffic);
  });
  afterEach(() => traffic.end());

  const said = (action: string, body: unknown): Promise<string> =>
    controls.act(action, body).catch((thrown: unknown) => {
      if (thrown instanceof Failure) return thrown.message;
      throw thrown;
    });

  it("change nothing once they are stopped, not even what was asked for just before", async () => {
    const asked = said("traffic", { on: true });
    await controls.stop();
    expect(await asked).to.equal("action: must come before the system stops, got one after it");
    expect(traffic.isOn).to.equal(false);
    await said("traffic", { on: true });
    expect(traffic.isOn).to.equal(false);
  });

  for (const [action, body, message] of [
    ["traffic", {}, "on: must be true or false, got nothing"],
    ["traffic", { on: 1 }, "on: must be true or false, got 1"],
    ["traffic", { on: true, off: 1 }, 'body: must be an object with only on, got {"on":true,"off":1}'],
    ["stop", "edge-1", 'body: must be an object with only edge, got "edge-1"'],
    ["stop", { edge: 1 }, "edge: must be the name of an edge, got 1"],
    ["latency", { edge: "edge-1", ms: 1.5 }, "ms: must be a whole number from 1 to 1000, got 1.5"],
  ] as const) {
    it(`name the field, the rule and the value: ${action} ${JSON.stringify(body)}`, async () => {
      expect(await said(action, body)).to.equal(message);
    });
  }
});
