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

  function reboundsWith(random: () => number): Rebounds {
    const append = async (purge: Purge) => {
      appended.push(purge);
      return outcome;
    };
    return new Rebounds(append, { clock, random, log: pino({}, { write: (line) => lines.push(line) }) });
  }

  beforeEach(() => {
    clock = new ManualClock();
    appended = [];
    outcome = ACCEPTED;
    lines = [];
    rebounds = reboundsWith(() => 0);
  });

  const apply = (id: string, reboundMs: number, at = rebounds) =>
    at.applied(FIRST, { ...purgeOf(id), reboundMs });

  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await turn();
  }

  it("purge the same once more when their time has come, under an id of their own", async () => {
    apply("a", 2_000);
    await pass(1_999);
    expect(appended).to.deep.equal([]);
    await pass(1);
    expect(appended).to.deep.equal([{ ...purgeOf("a"), purgeId: "a~rebound" }]);
    await pass(100_000);
    expect(appended).to.have.length(1);
    expect(lines).to.deep.equal([]);
  });

  it("are asked for by a purge that says so, and by no other", async () => {
    rebounds.applied(FIRST, purgeOf("a"));
    await pass(400_000);
    expect(appended).to.deep.equal([]);
  });

  it("are sent by the first edge whose time has come, and the others see that", async () => {
    const slower = reboundsWith(() => 0.5);
    apply("a", 2_000);
    apply("a", 2_000, slower);
    await pass(2_000);
    const [second] = appended;
    if (second !== undefined) slower.applied({ epoch: 1, seq: 2 }, second);
    await pass(100_000);
    expect(appended.map(({ purgeId }) => purgeId)).to.deep.equal(["a~rebound"]);
    expect(slower.hasRoom).to.equal(true);
  });

  it("are sent by another edge when the one that took the call is gone", async () => {
    const slower = reboundsWith(() => 0.5);
    apply("a", 2_000);
    apply("a", 2_000, slower);
    await rebounds.stop();
    await pass(2_124);
    expect(appended).to.deep.equal([]);
    await pass(1);
    expect(appended.map(({ purgeId }) => purgeId)).to.deep.equal(["a~rebound"]);
  });

  it("try again each second while the purge log does not take them", async () => {
    outcome = SILENT;
    apply("a", 100);
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
    apply("a", 100);
    for (let i = 0; i < 100; i += 1) await pass(1_000);
    expect(appended).to.have.length(60);
    expect(lines).to.have.length(1);
    expect(JSON.parse(lines[0] ?? "")).to.include({
      purgeId: "a~rebound",
      first: "1-1",
      reason: "no answer",
    });
  });

  it("leave no timer behind when their edge stops", async () => {
    apply("a", 2_000);
    await rebounds.stop();
    apply("b", 2_000);
    expect(clock.waiting).to.equal(0);
    await pass(100_000);
    expect(appended).to.deep.equal([]);
  });

  it("have room for a thousand at a time", async () => {
    for (let i = 0; i < 1_000; i += 1) {
      expect(rebounds.hasRoom).to.equal(true);
      apply(`p${i}`, 100);
    }
    expect(rebounds.hasRoom).to.equal(false);
    await pass(100);
    expect(rebounds.hasRoom).to.equal(true);
  });

  it("have room for a hundred thousand targets at a time", async () => {
    const targets = Array.from({ length: 1_000 }, (_, i) => ({ kind: "tag", tag: `t${i}` }) as const);
    for (let i = 0; i < 100; i += 1) {
      expect(rebounds.hasRoom).to.equal(true);
      rebounds.applied(FIRST, { ...purgeOf(`p${i}`), targets, reboundMs: 100 });
    }
    expect(rebounds.hasRoom).to.equal(false);
    await pass(100);
    expect(rebounds.hasRoom).to.equal(true);
  });
});
