import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { pino } from "pino";
import type { Purge } from "../../purge-log/purge.ts";
import type { AppendOutcome } from "../../purge-log/purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { purgeOf } from "../../test/rig/purge-log-entries.ts";
import { Rebounds } from "./rebounds.ts";

const FIRST = { epoch: 1, seq: 1 };
const ACCEPTED: AppendOutcome = { kind: "accepted", position: { epoch: 1, seq: 2 }, runId: "run" };
const SILENT: AppendOutcome = { kind: "unknown", reason: "no answer" };

describe("rebounds", () => {
  let clock: ManualClock;
  let appended: Purge[];
  let outcome: AppendOutcome;
  let lines: string[];
  let rebounds: Rebounds;

  beforeEach(() => {
    clock = new ManualClock();
    appended = [];
    outcome = ACCEPTED;
    lines = [];
    const append = async (purge: Purge) => {
      appended.push(purge);
      return outcome;
    };
    rebounds = new Rebounds(append, { clock, log: pino({}, { write: (line) => lines.push(line) }) });
  });

  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await turn();
  }

  it("purge the same once more when their time has come, under an id of their own", async () => {
    rebounds.schedule(purgeOf("a"), FIRST, 2_000);
    await pass(1_999);
    expect(appended).to.deep.equal([]);
    await pass(1);
    expect(appended).to.deep.equal([{ ...purgeOf("a"), purgeId: "a~rebound" }]);
    await pass(100_000);
    expect(appended).to.have.length(1);
    expect(lines).to.deep.equal([]);
  });

  it("try again each second while the purge log does not take them", async () => {
    outcome = SILENT;
    rebounds.schedule(purgeOf("a"), FIRST, 100);
    await pass(100);
    await pass(1_000);
    outcome = ACCEPTED;
    await pass(1_000);
    await pass(100_000);
    expect(appended.map(({ purgeId }) => purgeId)).to.deep.equal(["a~rebound", "a~rebound", "a~rebound"]);
    expect(lines).to.deep.equal([]);
  });

  it("give up after a minute of that, and say so", async () => {
    outcome = SILENT;
    rebounds.schedule(purgeOf("a"), FIRST, 100);
    for (let i = 0; i < 100; i += 1) await pass(1_000);
    expect(appended).to.have.length(60);
    expect(lines).to.have.length(1);
    expect(JSON.parse(lines[0] ?? "")).to.include({
      purgeId: "a~rebound",
      first: "1-1",
      reason: "no answer",
    });
  });

  it("are lost when the edge stops before, and say so", async () => {
    rebounds.schedule(purgeOf("a"), FIRST, 2_000);
    await rebounds.stop();
    await pass(100_000);
    expect(appended).to.deep.equal([]);
    expect(JSON.parse(lines[0] ?? "")).to.include({ purgeId: "a~rebound", reason: "the edge stops" });
  });

  it("have room for a thousand at a time", async () => {
    for (let i = 0; i < 1_000; i += 1) {
      expect(rebounds.hasRoom).to.equal(true);
      rebounds.schedule(purgeOf(`p${i}`), FIRST, 100);
    }
    expect(rebounds.hasRoom).to.equal(false);
    await pass(100);
    expect(rebounds.hasRoom).to.equal(true);
  });
});
