import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import type { Member } from "../../purge-log/purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { KnownMembers } from "./known-members.ts";

describe("the members that an edge knows", () => {
  const member = (edge: string): Member => ({
    edge,
    grpcAddress: "127.0.0.1:50051",
    httpAddress: "127.0.0.1:8081",
    position: { epoch: 1, seq: 4 },
    heartbeatAgeMs: 5,
    bootId: "boot",
    sites: "",
    applied: [],
    runId: "",
    leaseMs: 2_000,
    staleWhenLapsed: false,
    tableAgeMs: 1,
  });

  it("are those of the last look every 10 s when the purge log hangs before anybody has asked", async () => {
    const clock = new ManualClock();
    let table: readonly Member[] | undefined = [member("edge-1")];
    let reads = 0;
    const members = () => {
      reads += 1;
      return table === undefined
        ? Promise.withResolvers<readonly Member[]>().promise
        : Promise.resolve(table);
    };
    const known = new KnownMembers({ members }, { clock, log: createLog("test", "silent") });
    const ended = new AbortController();
    const running = known.run(ended.signal);
    // What was read is taken, and only the next look waits for its time.
    const taken = () => new Promise(setImmediate);
    await taken();
    table = [member("edge-1"), member("edge-2")];
    clock.advance(9_999);
    await taken();
    expect(reads).to.equal(1);
    clock.advance(1);
    await taken();
    expect(reads).to.equal(2);
    table = undefined;
    const asked = known.read();
    // The loop waits for its next look, and this one for its answer.
    await clock.waited(2);
    clock.advance(1_000);
    const told = await asked;
    expect(told.members.map(({ edge }) => edge)).to.deep.equal(["edge-1", "edge-2"]);
    expect(told.membersOutdated).to.contain("the purge log has not answered in 1000 ms");
    ended.abort();
    await running;
  });
});
