import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { pino } from "pino";
import { z } from "zod";
import { Failure } from "../../process/failure.ts";
import type { PurgeRequest, PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { BEGINNING } from "../../purge-log/position.ts";
import type { Member } from "../../purge-log/purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { beatOf } from "../../test/rig/purge-log-entries.ts";
import { slowWork } from "../../test/rig/slow-work.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { EdgeCounters } from "../cache/metrics.ts";
import { Sites } from "../origin/sites.ts";
import { PurgeFollower } from "../purging/follower.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import type { CallResult } from "./call-result.ts";
import { PurgeRecords } from "./purge-audit.ts";
import { PurgeCalls } from "./purge-calls.ts";

const CALLER = "10.0.0.9:4711";

class TroubledLog extends MemoryPurgeLog {
  cut = false;

  override async members(): Promise<readonly Member[]> {
    if (this.cut) throw new Failure("log-silent", "log", "no answer");
    return super.members();
  }
}

const LINE = z.looseObject({ msg: z.string() });

describe("the calls about purges", () => {
  let clock: ManualClock;
  let purgeLog: TroubledLog;
  let follower: PurgeFollower;
  let calls: PurgeCalls;
  let store: MemoryStore;
  let counters: EdgeCounters;
  /** By which the store pauses. */
  let counting: ManualClock;
  let lines: z.infer<typeof LINE>[];

  beforeEach(async () => {
    clock = new ManualClock();
    purgeLog = new TroubledLog(clock);
    lines = [];
    const log = pino({}, { write: (line) => lines.push(LINE.parse(JSON.parse(line))) });
    counting = new ManualClock();
    store = memoryStore(1_000_000, slowWork(counting));
    const records = new PurgeRecords("edge-1", clock);
    follower = new PurgeFollower({
      leaseMs: 2_000,
      purgeLog,
      store,
      clock,
      log,
    });
    follower.onPurge(({ position, asked, objects }) => records.applied(position, asked, objects));
    const sites = new Sites([{ name: "default", hosts: [], origin: { kind: "directory", path: "/" } }]);
    const purgeRate = 3;
    counters = new EdgeCounters();
    calls = new PurgeCalls({
      id: "edge-1",
      store,
      follower,
      clock,
      log,
      purgeLog,
      records,
      sites,
      purgeRate,
      counters,
    });
    await follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    await turn();
  });

  afterEach(async () => {
    await calls.stop();
    await follower.stop();
    await purgeLog.close();
  });

  function purge(purgeId: string, more: Partial<PurgeRequest> = {}): Promise<CallResult<PurgeResponse>> {
    const request: PurgeRequest = {
      purgeId,
      targets: [{ target: { $case: "tag", tag: "t" }, site: "" }],
      soft: false,
      wait: undefined,
      dryRun: false,
      rebound: undefined,
      pace: 0,
      ...more,
    };
    return calls.purge(request, CALLER);
  }

  const purged = async () => {
    const listed = await calls.purges({ limit: 0 });
    return listed.ok ? listed.value.purges : [];
  };

  it("answer a purge with its receipts, and remember it with its caller", async () => {
    const answer = await purge("p-1");
    expect(answer.ok && answer.value.outcome).to.equal("applied");
    expect(counters.histogram("purgeSeconds").reduce((sum, each) => sum + each)).to.equal(1);
    const [record, ...others] = await purged();
    expect(others).to.deep.equal([]);
    expect(record).to.deep.include({
      purgeId: "p-1",
      position: answer.ok && answer.value.position,
      by: `${CALLER} via edge-1`,
      time: new Date(clock.wall()),
      targetCount: 1,
    });
  });

  it("let others go on between the steps of a call that names more than 100 targets, and of no smaller one", async () => {
    const everything = { target: { $case: "everything" as const, everything: true }, site: "" };
    const times = (count: number) => ({ targets: Array.from({ length: count }, () => everything) });
    expect((await purge("small", times(100))).ok).to.equal(true);
    let isAnswered = false;
    const answer = purge("large", times(101)).finally(() => {
      isAnswered = true;
    });
    let pauses = 0;
    for (; !isAnswered && pauses < 10; pauses += 1) {
      await turn();
      clock.advance(0);
      await turn();
    }
    expect((await answer).ok).to.equal(true);
    expect(pauses).to.be.within(3, 9);
  });

  it("write an audit line for each purge: what, who, where in the log; the line has its time", async () => {
    const answer = await purge("p-1", { soft: true, pace: 50 });
    const audit = lines.filter(({ msg }) => msg === "purge accepted");
    expect(audit).to.have.length(1);
    expect(audit[0]).to.deep.include({
      purgeId: "p-1",
      position: answer.ok && answer.value.position,
      by: `${CALLER} via edge-1`,
      targets: [{ kind: "tag", tag: "t" }],
      soft: true,
      pace: 50,
    });
    expect(audit[0]).to.have.property("time").that.is.a("number");
  });

  it("refuse a purge_id that stands for another purge already, and write that down", async () => {
    await purge("deploy-1");
    for (const more of [{ soft: true }, { rebound: { seconds: 2, nanos: 0 } }]) {
      expect(await purge("deploy-1", more)).to.deep.equal({
        ok: false,
        code: "invalid-argument",
        message:
          'purge_id: must be new, or stand for the same targets, soft, pace and rebound as before: got "deploy-1"',
      });
      expect(lines.at(-1)).to.include({ msg: "purge not accepted", outcome: "another-purge" });
    }
  });

  it("write one for a purge that the log does not take, too", async () => {
    await purgeLog.close();
    const answer = await purge("p-1");
    expect(answer.ok && answer.value.outcome).to.equal("rejected");
    expect(lines.find(({ msg }) => msg === "purge not accepted")).to.deep.include({
      purgeId: "p-1",
      by: `${CALLER} via edge-1`,
      targets: [{ kind: "tag", tag: "t" }],
      outcome: "rejected",
    });
  });

  it("refuse more purges than the rate allows, say when to try again, and take one then", async () => {
    for (const id of ["a", "b", "c"]) expect((await purge(id)).ok).to.equal(true);
    expect(await purge("d")).to.deep.equal({
      ok: false,
      code: "resource-exhausted",
      message:
        "purge: must be at most 3 calls a second at edge-1; try again in 334 ms, or name up to 1000 targets in one call",
    });
    expect((await purged()).map(({ purgeId }) => purgeId)).to.deep.equal(["c", "b", "a"]);
    clock.advance(334);
    expect((await purge("d")).ok).to.equal(true);
  });

  it("do not count what is not understood against the rate", async () => {
    for (let i = 0; i < 10; i += 1) expect((await purge("a b")).ok).to.equal(false);
    expect((await purge("a")).ok).to.equal(true);
  });

  it("send a rebound when its time has come, and remember both", async () => {
    await purge("p-1", { rebound: { seconds: 2, nanos: 0 } });
    expect((await purged()).map(({ purgeId }) => purgeId)).to.deep.equal(["p-1"]);
    clock.advance(2_250);
    await turn();
    expect((await purged()).map(({ purgeId, by }) => [purgeId, by])).to.deep.equal([
      ["p-1~rebound", `${CALLER} via edge-1`],
      ["p-1", `${CALLER} via edge-1`],
    ]);
  });

  it("send one rebound for a purge that is sent twice", async () => {
    for (let i = 0; i < 2; i += 1) await purge("p-1", { rebound: { seconds: 2, nanos: 0 } });
    clock.advance(2_250);
    await turn();
    expect((await purged()).map(({ purgeId }) => purgeId)).to.deep.equal(["p-1~rebound", "p-1"]);
  });

  it("send no rebound for a dry run, which purges nothing", async () => {
    const answer = await purge("p-1", { dryRun: true, rebound: { seconds: 2, nanos: 0 } });
    expect(answer.ok && answer.value).to.deep.include({
      outcome: "pending",
      position: "",
      edges: [{ edge: "edge-1", state: "pending", ms: 0, objects: 0, bytes: 0, differs: false }],
    });
    clock.advance(2_000);
    await turn();
    expect(await purged()).to.deep.equal([]);
  });

  it("let others work while dry runs count many responses, however many dry runs there are", async () => {
    for (let i = 0; i < 80; i += 1) store.put(storedResponse(`/${i}`, { tags: ["t"] }), requestFor(`/${i}`));
    const answers = ["p-1", "p-2", "p-3"].map((purgeId) => purge(purgeId, { dryRun: true }));
    // Every 8 responses the counting pauses for what is due, until this clock moves.
    for (let pauses = 0; pauses < 3 * 10; pauses += 1) {
      await turn();
      expect([pauses, counting.waiting]).to.deep.equal([pauses, 1]);
      counting.advance(1);
    }
    const objects = (await Promise.all(answers)).map((each) => each.ok && each.value.edges[0]?.objects);
    expect(objects).to.deep.equal([80, 80, 80]);
  });

  it("list purges of other edges with what the heartbeat table says of each edge", async () => {
    const targets = [{ kind: "everything" as const }];
    const purge = { purgeId: "p-2", targets, soft: true, by: "x via edge-2" };
    await purgeLog.append(purge, BEGINNING);
    await purgeLog.heartbeat(beatOf("edge-2"));
    await turn();
    const [record] = await purged();
    expect(record).to.deep.include({ purgeId: "p-2", by: "x via edge-2", soft: true });
    expect(record?.edges.map(({ edge, state }) => [edge, state])).to.deep.equal([
      ["edge-1", "applied"],
      ["edge-2", "pending"],
    ]);
  });

  it("list what is known here while the purge log does not answer", async () => {
    await purge("p-1");
    purgeLog.cut = true;
    expect((await purged()).map(({ purgeId }) => purgeId)).to.deep.equal(["p-1"]);
  });

  it("list as many as asked for, and no more than a thousand", async () => {
    for (const id of ["a", "b", "c"]) await purge(id);
    const two = await calls.purges({ limit: 2 });
    expect(two.ok && two.value.purges.map(({ purgeId }) => purgeId)).to.deep.equal(["c", "b"]);
    expect(await calls.purges({ limit: 1_001 })).to.deep.equal({
      ok: false,
      code: "invalid-argument",
      message: 'limit: must be 1 to 1000, or 0 for 100: got "1001"',
    });
  });

  describe("forget an edge", () => {
    const forget = (edge: string) => calls.forget({ edge }, CALLER);
    const members = async () => (await purgeLog.members()).map(({ edge }) => edge);

    beforeEach(() => purgeLog.heartbeat(beatOf("edge-2")));

    it("whose lease has surely run out, and write who did it", async () => {
      clock.advance(2_120);
      expect(await forget("edge-2")).to.deep.equal({ ok: true, value: {} });
      expect(await members()).to.deep.equal(["edge-1"]);
      expect(lines.at(-1)).to.include({
        msg: "edge forgotten",
        forgotten: "edge-2",
        by: `${CALLER} via edge-1`,
      });
    });

    it("not while it may still serve from its cache, and say when to try again", async () => {
      clock.advance(120);
      expect(await forget("edge-2")).to.deep.equal({
        ok: false,
        code: "failed-precondition",
        message:
          "edge: must have been silent for longer than its lease, else it may still serve from its cache: edge-2: its last heartbeat is 120 ms old; stop it, or try again in 2000 ms",
      });
      expect(await members()).to.deep.equal(["edge-1", "edge-2"]);
    });

    it("only when it is known", async () => {
      expect(await forget("edge-7")).to.deep.equal({
        ok: false,
        code: "not-found",
        message: 'edge: must be in the heartbeat table: got "edge-7"',
      });
      expect(await forget("")).to.deep.equal({
        ok: false,
        code: "invalid-argument",
        message: 'edge: must be the id of an edge: got ""',
      });
    });
  });
});
