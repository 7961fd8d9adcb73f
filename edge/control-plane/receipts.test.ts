import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import type { Position } from "../../purge-log/position.ts";
import { BEGINNING } from "../../purge-log/position.ts";
import type { Confirmation, Member } from "../../purge-log/purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { accepted, beatOf, purgeOf } from "../../test/rig/purge-log-entries.ts";
import { Confirmations } from "./confirmations.ts";
import { collectReceipts, isProven, type Receipt, receiptNow } from "./receipts.ts";

/** A real purge log whose table of members can be cut off. */
class TroubledLog extends MemoryPurgeLog {
  cut = false;
  looks = 0;
  tableAgeMs = (): number => Number.POSITIVE_INFINITY;

  override async members(): Promise<readonly Member[]> {
    this.looks += 1;
    if (this.cut) throw new Failure("log-silent", "log", "no answer");
    const members = await super.members();
    return members.map((member) => ({ ...member, tableAgeMs: this.tableAgeMs() }));
  }
}

class CountedConfirmations extends Confirmations {
  listeners = 0;

  override listen(listener: (confirmation: Confirmation) => void): () => void {
    this.listeners += 1;
    const stop = super.listen(listener);
    return () => {
      this.listeners -= 1;
      stop();
    };
  }
}

// The lease of beatOf's edges is 2 s: lease x 1.01 + 100 ms.
const FENCED_AFTER_MS = 2_120;

describe("the receipts of a purge", () => {
  let clock: ManualClock;
  let log: TroubledLog;
  let confirmations: CountedConfirmations;
  let before: Position;
  let position: Position;

  beforeEach(async () => {
    clock = new ManualClock();
    log = new TroubledLog(clock);
    confirmations = new CountedConfirmations("taker", log);
    before = accepted(await log.append(purgeOf("earlier"), BEGINNING));
    for (const edge of ["edge-2", "edge-1"]) await log.heartbeat(beatOf(edge, before));
    position = accepted(await log.append(purgeOf("this"), BEGINNING));
  });

  afterEach(() => log.close());

  /** As an edge does that has applied the purge at `at`: it tells the taker, and later the table. */
  async function apply(edge: string, at: Position): Promise<void> {
    await confirm(edge, at);
    await log.heartbeat(beatOf(edge, at));
  }

  function confirm(edge: string, at: Position, runId = ""): Promise<boolean> {
    return log.confirm("taker", { edge, position: at, runId, applied: [{ position: at, objects: 3 }] });
  }

  async function edgesOf(at: Position, waitMs: number): Promise<readonly Receipt[]> {
    const { edges, complete } = await collectReceipts({ position: at, runId: "" }, waitMs, {
      purgeLog: log,
      clock,
      confirmations,
    });
    expect(complete).to.equal(true);
    return edges;
  }

  /** Collects in the background; `settled` becomes the receipts. */
  function collecting(waitMs: number): { readonly done: Promise<readonly Receipt[]>; settled: boolean } {
    const done = edgesOf(position, waitMs);
    const state = { done, settled: false };
    const settle = (): void => {
      state.settled = true;
    };
    done.then(settle, settle);
    return state;
  }

  async function advance(ms: number): Promise<void> {
    await turn();
    clock.advance(ms);
    await turn();
  }

  it("prove nothing while an edge may serve by its lease that the table has lost", async () => {
    for (const edge of ["edge-1", "edge-2"]) await apply(edge, position);
    const lostAt = clock.monotonic();
    log.tableAgeMs = () => clock.monotonic() - lostAt;
    const receipts = collectReceipts({ position, runId: "" }, 5_000, { purgeLog: log, clock, confirmations });
    await advance(FENCED_AFTER_MS - 1);
    expect(
      isProven(await collectReceipts({ position, runId: "" }, 0, { purgeLog: log, clock, confirmations })),
    ).to.equal(false);
    await advance(1);
    expect(isProven(await receipts)).to.equal(true);
  });

  it("prove nothing when the table is empty", async () => {
    for (const edge of ["edge-1", "edge-2"]) await log.leave(edge, `${edge}-boot`);
    const receipts = await collectReceipts({ position, runId: "" }, 0, {
      purgeLog: log,
      clock,
      confirmations,
    });
    expect([receipts.edges, isProven(receipts)]).to.deep.equal([[], false]);
  });

  it("do not take the confirmation of another history at its word", async () => {
    const done = collectReceipts({ position, runId: "present" }, 100, {
      purgeLog: log,
      clock,
      confirmations,
    });
    await turn();
    const looks = log.looks;
    await confirm("edge-1", { epoch: position.epoch + 1, seq: 0 }, "former");
    await confirm("edge-2", { epoch: position.epoch + 1, seq: 0 }, "former");
    await turn();
    expect(log.looks).to.equal(looks + 1);
    await advance(100);
    expect(isProven(await done)).to.equal(false);
  });

  it("are there at once when every edge has applied it already", async () => {
    for (const edge of ["edge-1", "edge-2"]) await apply(edge, position);
    expect(await edgesOf(position, 5_000)).to.deep.equal([
      { edge: "edge-1", state: "applied", ms: 0, objects: 3 },
      { edge: "edge-2", state: "applied", ms: 0, objects: 3 },
    ]);
  });

  it("come with the heartbeats that say so, with the time that each took", async () => {
    const collected = collecting(5_000);
    await advance(7);
    await apply("edge-1", position);
    await advance(0);
    expect(collected.settled).to.equal(false);
    clock.advance(5);
    await apply("edge-2", position);
    expect(await collected.done).to.deep.equal([
      { edge: "edge-1", state: "applied", ms: 7, objects: 3 },
      { edge: "edge-2", state: "applied", ms: 12, objects: 3 },
    ]);
  });

  it("look at the table once when every edge confirms", async () => {
    const collected = collecting(5_000);
    await advance(249);
    for (const edge of ["edge-1", "edge-2"]) await confirm(edge, position);
    expect((await collected.done).map(({ state }) => state)).to.deep.equal(["applied", "applied"]);
    expect(log.looks).to.equal(1);
  });

  it("count what was confirmed before the answer of the log came", async () => {
    for (const edge of ["edge-1", "edge-2"]) await confirm(edge, position);
    expect(await edgesOf(position, 0)).to.deep.equal([
      { edge: "edge-1", state: "applied", ms: 0, objects: 3 },
      { edge: "edge-2", state: "applied", ms: 0, objects: 3 },
    ]);
  });

  it("come from the table where confirmations are lost, a quarter of a second later", async () => {
    const collected = collecting(5_000);
    await advance(1);
    await confirm("edge-1", position);
    await log.heartbeat(beatOf("edge-2", position));
    await advance(248);
    expect(collected.settled).to.equal(false);
    await advance(1);
    expect(await collected.done).to.deep.equal([
      { edge: "edge-1", state: "applied", ms: 1, objects: 3 },
      { edge: "edge-2", state: "applied", ms: 250, objects: 3 },
    ]);
  });

  it("look at the table less often, the longer they wait, and never less than once a second", async () => {
    for (const edge of ["edge-1", "edge-2"])
      await log.heartbeat({ ...beatOf(edge, before), staleWhenLapsed: true });
    const collected = collecting(60_000);
    const looks: number[] = [];
    for (let second = 1; second <= 10; second += 1) {
      for (let step = 0; step < 100; step += 1) await advance(10);
      looks.push(log.looks);
    }
    expect(looks[0]).to.be.within(4, 5);
    expect((looks[9] ?? 0) - (looks[4] ?? 0)).to.be.within(5, 6);
    for (const edge of ["edge-1", "edge-2"]) await apply(edge, position);
    await collected.done;
  });

  it("count a later position and a higher epoch as applied, with no objects known", async () => {
    const later = accepted(await log.append(purgeOf("later"), BEGINNING));
    await apply("edge-1", later);
    await apply("edge-2", { epoch: position.epoch + 1, seq: 0 });
    const receipts = await edgesOf(position, 5_000);
    expect(receipts.map(({ state, objects }) => [state, objects])).to.deep.equal([
      ["applied", 0],
      ["applied", 0],
    ]);
  });

  it("are fenced for an edge that is silent for longer than its lease and the margins, and not before", async () => {
    const collected = collecting(60_000);
    await apply("edge-1", position);
    await advance(FENCED_AFTER_MS - 1);
    expect(collected.settled).to.equal(false);
    await advance(1);
    expect(await collected.done).to.deep.equal([
      { edge: "edge-1", state: "applied", ms: 0, objects: 3 },
      { edge: "edge-2", state: "fenced", ms: FENCED_AFTER_MS, objects: 0 },
    ]);
  });

  it("stay pending for a silent edge that serves stale without its lease, and name it", async () => {
    await log.heartbeat({ ...beatOf("edge-2"), staleWhenLapsed: true });
    await apply("edge-1", position);
    const receipts = collectReceipts({ position, runId: "" }, 5_000, { purgeLog: log, clock, confirmations });
    await advance(FENCED_AFTER_MS);
    await advance(5_000);
    const { edges, staleWhenLapsed } = await receipts;
    expect(edges.map(({ state }) => state)).to.deep.equal(["applied", "pending"]);
    expect(staleWhenLapsed).to.deep.equal(["edge-2"]);
  });

  it("keep the time at which an edge was fenced while others are waited for", async () => {
    await advance(1_000);
    await log.heartbeat(beatOf("edge-1", before));
    const collected = collecting(60_000);
    await advance(FENCED_AFTER_MS - 1_000);
    await advance(10);
    await apply("edge-1", position);
    const [, fenced] = await collected.done;
    expect(fenced).to.deep.equal({
      edge: "edge-2",
      state: "fenced",
      ms: FENCED_AFTER_MS - 1_000,
      objects: 0,
    });
  });

  it("are pending again for a fenced edge that a look finds back before it has applied the purge", async () => {
    await advance(1_000);
    await log.heartbeat(beatOf("edge-1", before));
    const collected = collecting(3_000);
    await advance(FENCED_AFTER_MS - 1_000);
    await log.heartbeat(beatOf("edge-2", before));
    await advance(500);
    await apply("edge-1", position);
    await advance(3_000 - FENCED_AFTER_MS + 500);
    expect((await collected.done).map(({ state }) => state)).to.deep.equal(["applied", "pending"]);
  });

  it("are pending at the deadline", async () => {
    const collected = collecting(500);
    await apply("edge-1", position);
    await advance(499);
    expect(collected.settled).to.equal(false);
    await advance(1);
    expect(await collected.done).to.deep.equal([
      { edge: "edge-1", state: "applied", ms: 0, objects: 3 },
      { edge: "edge-2", state: "pending", ms: 500, objects: 0 },
    ]);
  });

  it("are what is known at once when nobody wants to wait", async () => {
    const receipts = await edgesOf(position, 0);
    expect(receipts.map(({ state }) => state)).to.deep.equal(["pending", "pending"]);
    expect(clock.waiting).to.equal(0);
  });

  it("do not wait for an edge that leaves meanwhile, nor name it", async () => {
    const collected = collecting(60_000);
    await turn();
    await log.leave("edge-2", "edge-2-boot");
    await apply("edge-1", position);
    await advance(250);
    expect((await collected.done).map(({ edge }) => edge)).to.deep.equal(["edge-1"]);
  });

  it("include an edge that is new meanwhile", async () => {
    const collected = collecting(60_000);
    await turn();
    for (const edge of ["edge-3", "edge-1", "edge-2"]) await apply(edge, position);
    expect((await collected.done).map(({ edge }) => edge)).to.deep.equal(["edge-1", "edge-2", "edge-3"]);
  });

  it("cannot be had when the table cannot be read at all", async () => {
    log.cut = true;
    const failed = await collecting(5_000).done.catch((thrown: unknown) => thrown);
    expect(failed).to.be.instanceOf(Failure).with.property("code", "log-silent");
  });

  it("keep what is known while the table cannot be read, and prove nothing by silence meanwhile", async () => {
    const collected = collecting(60_000);
    await turn();
    log.cut = true;
    await apply("edge-1", position);
    await turn();
    for (let ms = 0; ms < 10_000; ms += 250) await advance(250);
    expect(collected.settled).to.equal(false);
    log.cut = false;
    await log.heartbeat(beatOf("edge-2", before));
    for (let ms = 0; ms < 2_000; ms += 250) await advance(250);
    expect(collected.settled).to.equal(false);
    await advance(250);
    expect((await collected.done).map(({ state }) => state)).to.deep.equal(["applied", "fenced"]);
  });

  it("leave no listener and no timer behind, however they end", async () => {
    await edgesOf(position, 0);
    const collected = collecting(60_000);
    await turn();
    expect([confirmations.listeners, clock.waiting]).to.deep.equal([1, 1]);
    for (const edge of ["edge-1", "edge-2"]) await apply(edge, position);
    await collected.done;
    log.cut = true;
    await collecting(5_000).done.catch(() => undefined);
    expect([confirmations.listeners, clock.waiting]).to.deep.equal([0, 0]);
  });
});

describe("the receipt that the heartbeat table holds", () => {
  const position: Position = { epoch: 7, seq: 5 };
  const heard = (at: Position, heartbeatAgeMs: number): Member => ({
    ...beatOf("edge-1", at),
    heartbeatAgeMs,
    tableAgeMs: Number.POSITIVE_INFINITY,
  });

  it("is applied from the purge's position on, whatever the age of the heartbeat", () => {
    expect(receiptNow(position, heard(position, 60_000))).to.deep.equal({
      edge: "edge-1",
      state: "applied",
      ms: 0,
      objects: 3,
    });
    expect(receiptNow(position, heard({ epoch: 8, seq: 0 }, 0))).to.include({ state: "applied", objects: 0 });
  });

  it("is pending before it, and fenced once the lease has surely run out", () => {
    const behind = { epoch: 7, seq: 4 };
    expect(receiptNow(position, heard(behind, FENCED_AFTER_MS - 1)).state).to.equal("pending");
    expect(receiptNow(position, heard(behind, FENCED_AFTER_MS)).state).to.equal("fenced");
  });
});
