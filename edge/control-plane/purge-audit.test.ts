import { expect } from "chai";
import type { Position } from "../../purge-log/position.ts";
import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";
import type { Member } from "../../purge-log/purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { beatOf, purgeOf } from "../../test/rig/purge-log-entries.ts";
import { PurgeRecords } from "./purge-audit.ts";
import type { Receipt } from "./receipts.ts";

const at = (seq: number): Position => ({ epoch: 7, seq });

function member(edge: string, seq: number, heartbeatAgeMs = 10): Member {
  return { ...beatOf(edge, at(seq)), heartbeatAgeMs, tableAgeMs: Number.POSITIVE_INFINITY };
}

function purgeOfMany(targets: readonly PurgeTarget[]): Purge {
  return { ...purgeOf("many"), targets };
}

const tags = (count: number, length: number): PurgeTarget[] =>
  Array.from({ length: count }, (_, i) => ({ kind: "tag", tag: `${i}`.padEnd(length, "x") }));

describe("the records of purges", () => {
  let clock: ManualClock;
  let records: PurgeRecords;

  beforeEach(() => {
    clock = new ManualClock();
    records = new PurgeRecords("edge-1", clock);
  });

  it("say what was purged, by whom, when and where in the log", () => {
    clock.advance(1_500);
    const soft = { ...purgeOf("a"), soft: true };
    records.applied(at(1), soft, 3);
    expect(records.list(10)).to.deep.equal([
      {
        purgeId: "a",
        position: "7-1",
        time: new Date(clock.wall()),
        by: "edge-1 127.0.0.1",
        soft: true,
        pace: 0,
        targets: [{ target: { $case: "url", url: "/a" }, site: "" }],
        targetCount: 1,
        edges: [{ edge: "edge-1", state: "applied", ms: 0, objects: 3, bytes: 0, differs: false }],
      },
    ]);
  });

  it("say at which pace it is asked for again", () => {
    records.applied(at(1), { ...purgeOf("a"), soft: true, pace: 50 }, 3);
    expect(records.list(1)[0]?.pace).to.equal(50);
  });

  it("name every kind of target as the call did", () => {
    const targets: PurgeTarget[] = [
      { kind: "url", target: "/a?b", site: "shop" },
      { kind: "prefix", prefix: "/im" },
      { kind: "tag", tag: "t" },
      { kind: "everything" },
    ];
    records.applied(at(1), purgeOfMany(targets), 0);
    expect(records.list(1)[0]?.targets).to.deep.equal([
      { target: { $case: "url", url: "/a?b" }, site: "shop" },
      { target: { $case: "prefix", prefix: "/im" }, site: "" },
      { target: { $case: "tag", tag: "t" }, site: "" },
      { target: { $case: "everything", everything: true }, site: "" },
    ]);
  });

  it("keep the first ten of many targets, fewer of long ones, and say how many there were", () => {
    records.applied(at(1), purgeOfMany(tags(1_000, 20)), 0);
    records.applied(at(2), purgeOfMany(tags(10, 20)), 0);
    records.applied(at(3), purgeOfMany(tags(7, 4_000)), 0);
    records.applied(at(4), purgeOfMany(tags(2, 8_193)), 0);
    records.applied(at(5), purgeOfMany([...tags(1, 4_096), ...tags(1, 4_096)]), 0);
    records.applied(at(6), purgeOfMany([...tags(1, 4_096), ...tags(1, 4_097)]), 0);
    const kept = records.list(10).map(({ targets, targetCount }) => [targets.length, targetCount]);
    expect(kept).to.deep.equal([
      [1, 2],
      [2, 2],
      [1, 2],
      [2, 7],
      [10, 10],
      [10, 1_000],
    ]);
  });

  it("come the newest first, a thousand at most", () => {
    for (let seq = 1; seq <= 1_500; seq += 1) records.applied(at(seq), purgeOf(`p${seq}`), 0);
    const listed = records.list(1_000);
    expect(listed).to.have.length(1_000);
    expect([listed[0]?.purgeId, listed.at(-1)?.purgeId]).to.deep.equal(["p1500", "p501"]);
    expect(records.list(1_001)).to.have.length(1_000);
    expect(records.list(2).map(({ purgeId }) => purgeId)).to.deep.equal(["p1500", "p1499"]);
  });

  it("stop where they would no longer fit into one message", () => {
    for (let seq = 1; seq <= 1_000; seq += 1) records.applied(at(seq), purgeOfMany(tags(1, 8_000)), 0);
    expect(records.list(1_000).length).to.be.within(60, 66);
  });

  describe("have the receipts of other edges:", () => {
    const states = (members: readonly Member[]) => {
      records.learn(1, members);
      return records.list(1)[0]?.edges.map(({ edge, state, objects }) => [edge, state, objects]);
    };

    beforeEach(() => records.applied(at(5), purgeOf("a"), 2));

    it("those in the heartbeat table now", () => {
      expect(
        states([member("edge-1", 5), member("edge-3", 4), member("edge-2", 4, 60_000), member("edge-4", 5)]),
      ).to.deep.equal([
        ["edge-1", "applied", 2],
        ["edge-2", "fenced", 0],
        ["edge-3", "pending", 0],
        ["edge-4", "applied", 3],
      ]);
    });

    it("an applied one stays when its edge is gone", () => {
      states([member("edge-2", 5)]);
      expect(states([])).to.deep.equal([
        ["edge-1", "applied", 2],
        ["edge-2", "applied", 3],
      ]);
    });

    it("a listing ends before its receipts exceed five thousand", () => {
      for (let seq = 6; seq <= 40; seq += 1) records.applied(at(seq), purgeOf(`p${seq}`), 0);
      const fleet = Array.from({ length: 1_000 }, (_, i) => member(`edge-${i + 1}`, 40));
      records.learn(1_000, fleet);
      expect(records.list(1_000).map(({ edges }) => edges.length)).to.deep.equal(Array(5).fill(1_000));
    });

    it("a listing has five thousand receipts, and not one more", () => {
      const receipts = (count: number) =>
        Array.from({ length: count }, (_, i): Receipt => {
          return { edge: `edge-${i + 1}`, state: "applied", ms: 0, objects: 0 };
        });
      records.proven(at(5), receipts(4_999));
      records.applied(at(6), purgeOf("b"), 0);
      expect(records.list(10)).to.have.length(2);
      records.proven(at(5), receipts(5_000));
      expect(records.list(10)).to.have.length(1);
    });

    it("a pending or fenced one becomes applied later", () => {
      expect(states([member("edge-2", 4)])?.[1]?.[1]).to.equal("pending");
      expect(states([member("edge-2", 4, 60_000)])?.[1]?.[1]).to.equal("fenced");
      expect(states([member("edge-2", 6)])?.[1]?.[1]).to.equal("applied");
    });

    it("those that the edge that took the call waited for", () => {
      records.proven(at(5), [
        { edge: "edge-1", state: "applied", ms: 1.5, objects: 2 },
        { edge: "edge-2", state: "applied", ms: 2.5, objects: 9 },
      ]);
      records.learn(1, [member("edge-2", 7)]);
      const [record] = records.list(1);
      expect(record?.edges.map(({ ms, objects }) => [ms, objects])).to.deep.equal([
        [1.5, 2],
        [2.5, 9],
      ]);
    });
  });

  it("take no receipts of a purge that they do not remember", () => {
    records.proven(at(1), [{ edge: "edge-1", state: "applied", ms: 1, objects: 1 }]);
    expect(records.list(10)).to.deep.equal([]);
  });
});
