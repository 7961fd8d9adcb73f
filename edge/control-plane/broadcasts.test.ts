import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { createLog } from "../../process/log.ts";
import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";
import type { AppendOutcome } from "../../purge-log/purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { EdgeCounters } from "../cache/metrics.ts";
import { Broadcasts } from "./broadcasts.ts";

const START = { epoch: 0, seq: 0 };
const TAKEN: AppendOutcome = { kind: "accepted", position: { epoch: 1, seq: 1 }, runId: "r" };
const AWAY: AppendOutcome = { kind: "unknown", reason: "away" };

const url = (target: string): PurgeTarget => ({ kind: "url", target, site: "shop" });
const urls = (count: number, length = 1): PurgeTarget[] =>
  Array.from({ length: count }, (_, n) => url(`/${n}`.padEnd(length, "x")));

describe("broadcasts of invalidations", () => {
  let clock: ManualClock;
  let counters: EdgeCounters;
  let appended: Purge[];
  let outcome: AppendOutcome;
  let broadcasts: Broadcasts;

  beforeEach(() => {
    clock = new ManualClock();
    counters = new EdgeCounters();
    appended = [];
    outcome = TAKEN;
    broadcasts = new Broadcasts({
      id: "edge-1",
      clock,
      counters,
      log: createLog("test", "silent"),
      follower: { position: START },
      purgeLog: {
        append: async (purge) => {
          appended.push(purge);
          return outcome;
        },
      },
      sites: { digest: "d" },
    });
  });

  afterEach(() => broadcasts.stop());

  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turn();
  };
  const sizes = () => appended.map(({ targets }) => targets.length);

  it("are purges with an id, which name their cause", async () => {
    broadcasts.send([url("/a"), { kind: "tag", tag: "t", site: "shop" }], 1);
    await turn();
    const [{ purgeId = "", ...purge } = {}] = appended;
    expect(purgeId).to.match(/^invalidation-[0-9a-f-]{36}$/);
    expect(purge).to.deep.equal({
      targets: [url("/a"), { kind: "tag", tag: "t", site: "shop" }],
      soft: false,
      sites: "d",
      by: "invalidation via edge-1",
    });
  });

  it("go four times a second, and each key once each time", async () => {
    for (let n = 0; n < 1_000; n += 1) broadcasts.send([url("/a")], 1);
    await turn();
    expect(sizes()).to.deep.equal([1]);
    broadcasts.send([url("/a"), url("/b")], 1);
    broadcasts.send([url("/a")], 1);
    await pass(249);
    expect(sizes()).to.deep.equal([1]);
    await pass(1);
    expect(sizes()).to.deep.equal([1, 2]);
    await pass(250);
    expect(sizes()).to.deep.equal([1, 2]);
  });

  it("have 250 targets each, and 1,000 wait; more are dropped and counted", async () => {
    broadcasts.send([url("/first")], 1);
    broadcasts.send(urls(1_001), 1);
    for (let n = 0; n < 5; n += 1) await pass(250);
    expect(sizes()).to.deep.equal([1, 250, 250, 250, 250]);
    expect(counters.get("broadcasts")).to.equal(1_001);
    expect(counters.get("broadcastsDropped")).to.equal(1);
  });

  it("have no more targets than edges have room for, with what the rules make of each", async () => {
    broadcasts.send([url("/first")], 1);
    broadcasts.send(urls(30), 100);
    for (let n = 0; n < 4; n += 1) await pass(250);
    expect(sizes()).to.deep.equal([1, 25, 5]);
    // "shop url " and the text: 500,000 characters.
    broadcasts.send(urls(3, 2_491), 100);
    for (let n = 0; n < 4; n += 1) await pass(250);
    expect(sizes()).to.deep.equal([1, 25, 5, 2, 1]);
    // The same for one that is too much by itself.
    broadcasts.send([url("/large".padEnd(8_000, "x")), url("/small")], 201);
    for (let n = 0; n < 4; n += 1) await pass(250);
    expect(sizes()).to.deep.equal([1, 25, 5, 2, 1, 1, 1]);
  });

  it("have 16 KiB each, and 256 KiB wait", async () => {
    broadcasts.send([url("/first")], 1);
    broadcasts.send(urls(100, 8_000), 1);
    for (let n = 0; n < 17; n += 1) await pass(250);
    expect(sizes()).to.deep.equal([1, ...Array(16).fill(2)]);
    expect(counters.get("broadcastsDropped")).to.equal(68);
  });

  it("leave out what no purge may name", async () => {
    broadcasts.send([url(`/${"x".repeat(8_192)}`), { kind: "tag", tag: "", site: "shop" }], 1);
    broadcasts.send([url(`/${"x".repeat(8_191)}`), { kind: "tag", tag: "t".repeat(257), site: "shop" }], 1);
    await turn();
    expect(sizes()).to.deep.equal([1]);
  });

  it("are tried again under the same id while the log is away", async () => {
    outcome = AWAY;
    broadcasts.send([url("/a")], 1);
    await turn();
    broadcasts.send([url("/b")], 1);
    await pass(1_000);
    outcome = TAKEN;
    await pass(1_000);
    expect(new Set(appended.map(({ purgeId }) => purgeId)).size).to.equal(1);
    expect(appended).to.have.length(3);
    await pass(250);
    expect(appended.at(-1)?.targets).to.deep.equal([url("/b")]);
  });

  it("are counted as dropped when the edge stops before they have gone", async () => {
    outcome = AWAY;
    broadcasts.send([url("/a")], 1);
    await turn();
    broadcasts.send([url("/b")], 1);
    await broadcasts.stop();
    expect(counters.get("broadcastsDropped")).to.equal(2);
  });
});
