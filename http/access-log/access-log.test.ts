import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import type { AccessResult } from "./access-entry.ts";
import { AccessLog } from "./access-log.ts";

describe("AccessLog", () => {
  const RESULT: AccessResult = { status: 200, durationMs: 0, firstByteMs: 0, end: "answered", more: "" };
  let taken: string;
  let random: number;

  const logOf = (sample: number) =>
    new AccessLog(
      { format: "json", sample, omit: [] },
      {
        clock: new ManualClock(),
        random: () => random,
        take: ({ bytes }) => {
          taken += Buffer.from(bytes).toString();
        },
      },
    );
  beforeEach(() => {
    taken = "";
    random = 0;
  });

  it("wants the share of requests that it is told", () => {
    const log = logOf(0.25);
    random = 0.249;
    expect(log.wants(200, "answered")).to.equal(true);
    random = 0.25;
    expect(log.wants(200, "answered")).to.equal(false);
    expect(logOf(1).wants(200, "answered")).to.equal(true);
    random = 0;
    expect(logOf(0).wants(200, "answered")).to.equal(false);
  });

  it("wants every request that failed", () => {
    const log = logOf(0);
    expect(log.wants(399, "answered")).to.equal(false);
    expect(log.wants(400, "answered")).to.equal(true);
    expect(log.wants(200, "cut")).to.equal(true);
    expect(log.wants(200, "client-left")).to.equal(true);
  });

  it("takes back the last line, and hands over the others when it is closed", () => {
    const log = logOf(1);
    const ending = log.ending(log.repeated({ client: "192.0.2.7" }), RESULT);
    log.write(ending, { requestId: "a", target: "/a", bytes: 1 });
    const last = log.write(ending, { requestId: "b", target: "/b", bytes: 1 });
    expect(log.takeBack(last)).to.equal(true);
    log.close();
    expect(JSON.parse(taken)).to.include({ request_id: "a", target: "/a", bytes: 1, client: "192.0.2.7" });
  });
});
