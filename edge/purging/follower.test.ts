import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { createLog, logTo } from "../../process/log.ts";
import { LogWriter } from "../../process/log-writer.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { comparePositions, formatPosition, type Position } from "../../purge-log/position.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { Heartbeat, LogEntry, LogState } from "../../purge-log/purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { slowWork } from "../../test/rig/slow-work.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { momentOf } from "../rules/moment.ts";
import type { PurgeStanding } from "../rules/purge-standing.ts";
import type { Store } from "../store/store.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import { PurgeFollower } from "./follower.ts";
import type { FollowerParts } from "./follower-parts.ts";
import { UNKNOWN_SITES } from "./known-sites.ts";

/** A real purge log whose answers to heartbeats can be cut off or bent. */
class TroubledLog extends MemoryPurgeLog {
  cut = false;
  bend: (state: LogState) => LogState = (state) => state;
  beats: Heartbeat[] = [];

  override async heartbeat(beat: Heartbeat): Promise<LogState> {
    if (this.cut) throw new Failure("log-silent", "log", "no answer");
    this.beats.push(beat);
    return this.bend(await super.heartbeat(beat));
  }
}

const PAGE = { site: "default", target: "/page", tags: ["news"], variance: undefined };

/** Whatever happens, it trusts nothing in place that does not stand so. */
class CheckedFollower extends PurgeFollower {
  readonly #parts: FollowerParts;

  constructor(parts: FollowerParts) {
    super(parts);
    this.#parts = parts;
  }

  override standing(stored: StoredResponse, moment = momentOf(this.#parts.clock)): PurgeStanding {
    const standing = super.standing(stored, moment);
    if (this.trusts(stored.mark, this.#parts.store.softPurgedAt(stored), moment))
      expect(standing).to.deep.equal({ kind: "trusted" });
    return standing;
  }
}

// A third of the lease.
const HEARTBEAT_MS = 2_000 / 3;

describe("the purge follower", () => {
  let clock: ManualClock;
  let log: TroubledLog;
  let store: Store;
  let follower: PurgeFollower;

  beforeEach(async () => {
    clock = new ManualClock();
    log = new TroubledLog(clock);
    store = memoryStore(10_000_000, slowWork(clock));
    follower = new CheckedFollower({
      leaseMs: 2_000,
      purgeLog: log,
      store,
      clock,
      log: createLog("test", "silent"),
    });
    await follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    await turn();
  });

  afterEach(async () => {
    await follower.stop();
    await log.close();
  });

  const storedAt = (mark: FillMark, target = PAGE.target): StoredResponse => {
    const stored = storedResponse(target, { ...PAGE, target, mark });
    store.put(stored, requestFor(target));
    return stored;
  };

  const mark = (): FillMark => {
    const taken = follower.mark();
    if (taken === undefined) throw new Error("the follower does not know where it is");
    return taken;
  };

  const append = async (target: PurgeTarget, soft = false): Promise<Position> => {
    const purge = { purgeId: `p${Math.random()}`, targets: [target], soft, by: "test" };
    const outcome = await log.append(purge, follower.position);
    if (outcome.kind !== "accepted") throw new Error(outcome.reason);
    await turn();
    return outcome.position;
  };

  it("begins at the tail with a lease, and applies purges in order as they come", async () => {
    const begin = follower.position;
    expect(follower.leaseLeftMs).to.equal(2_000);
    storedAt(mark());
    const position = await append({ kind: "url", target: "/page" });
    expect(comparePositions(position, begin)).to.be.greaterThan(0);
    expect(formatPosition(follower.position)).to.equal(formatPosition(position));
    expect([store.objects, follower.purges]).to.deep.equal([0, 1]);
  });

  it("reports at once, with the position and the number of responses, what it has applied", async () => {
    storedAt(mark());
    const position = await append({ kind: "tag", tag: "news" });
    expect(log.beats.at(-1)).to.deep.include({ position, applied: [{ position, objects: 1 }] });
  });

  it("trusts a response in place while it has its lease and searches for nothing", async () => {
    const stored = storedAt(mark());
    const trusts = (softPurgedAt?: number) => follower.trusts(stored.mark, softPurgedAt, momentOf(clock));
    expect([trusts(), trusts(0)]).to.deep.equal([true, false]);
    const end = follower.invalidate([{ kind: "url", target: "/elsewhere" }]);
    expect([follower.standing(stored).kind, trusts()]).to.deep.equal(["trusted", false]);
    end();
    expect(trusts()).to.equal(true);
    await append({ kind: "everything" }, true);
    expect([follower.standing(stored).kind, trusts()]).to.deep.equal(["soft-purged", false]);
    const after = mark();
    expect(follower.trusts(after, undefined, momentOf(clock))).to.equal(true);
    log.bend = (state) => ({ ...state, runId: "another" });
    clock.advance(HEARTBEAT_MS);
    await turn();
    expect(follower.trusts(after, undefined, momentOf(clock)), "flushed").to.equal(false);
    log.cut = true;
    clock.advance(2_000);
    expect(follower.trusts(mark(), undefined, momentOf(clock)), "lapsed").to.equal(false);
  });

  it("renews the lease to the time the heartbeat was sent, and lapses without an answer", async () => {
    const stored = storedAt(mark());
    clock.advance(HEARTBEAT_MS);
    await turn();
    log.cut = true;
    clock.advance(1_999);
    await turn();
    expect(follower.standing(stored)).to.deep.equal({ kind: "trusted" });
    clock.advance(1);
    expect(follower.leaseLeftMs).to.equal(0);
    expect(follower.standing(stored)).to.deep.equal({ kind: "lapsed", servesStale: false });
    expect(follower.sharing(mark(), PAGE)).to.equal("lapsed");
    log.cut = false;
    clock.advance(HEARTBEAT_MS);
    await turn();
    expect(follower.standing(stored)).to.deep.equal({ kind: "trusted" });
  });

  it("has no lease after a suspension that outlasted it, through which the monotonic clock stood still", async () => {
    const stored = storedAt(mark());
    log.cut = true;
    clock.setWall(1_999);
    expect(follower.standing(stored).kind).to.equal("trusted");
    clock.setWall(1);
    expect([follower.standing(stored).kind, follower.leaseLeftMs]).to.deep.equal(["lapsed", 0]);
  });

  it("has no lease after the wall clock was set back, which can hide a suspension, until the next heartbeat", async () => {
    const stored = storedAt(mark());
    clock.setWall(-101);
    expect(follower.standing(stored).kind).to.equal("lapsed");
    clock.advance(HEARTBEAT_MS);
    await turn();
    expect(follower.standing(stored).kind).to.equal("trusted");
  });

  it("does not renew the lease while the log's tail is ahead of it", async () => {
    log.bend = (state) => ({ ...state, tail: { epoch: state.tail.epoch, seq: state.tail.seq + 1 } });
    for (let i = 0; i < 9; i += 1) {
      clock.advance(HEARTBEAT_MS);
      await turn();
    }
    expect(follower.leaseLeftMs).to.equal(0);
  });

  it("makes validators of everything when the log's server restarted", async () => {
    const stored = storedAt(mark());
    const before = mark();
    log.bend = (state) => ({ ...state, runId: "another" });
    clock.advance(HEARTBEAT_MS);
    await turn();
    expect(follower.standing(stored)).to.deep.equal({ kind: "purged" });
    expect(follower.overtaken(before, PAGE)).to.equal(true);
    expect(follower.standing(storedAt(mark()))).to.deep.equal({ kind: "trusted" });
  });

  it("makes validators of everything when the log has less than it once had", async () => {
    await append({ kind: "url", target: "/other" });
    const stored = storedAt(mark());
    log.bend = (state) => ({ ...state, tail: { epoch: state.tail.epoch, seq: 0 } });
    clock.advance(HEARTBEAT_MS);
    await turn();
    expect(follower.standing(stored)).to.deep.equal({ kind: "purged" });
  });

  it("makes validators of everything and goes on when entries were trimmed before it saw them", async () => {
    const stored = storedAt(mark());
    const { epoch, seq } = follower.position;
    log.bend = (state) => ({ ...state, first: { epoch, seq: seq + 5 }, tail: { epoch, seq: seq + 6 } });
    clock.advance(HEARTBEAT_MS);
    await turn();
    expect(follower.standing(stored)).to.deep.equal({ kind: "purged" });
    expect(follower.position).to.deep.equal({ epoch, seq: seq + 4 });
  });

  describe("after a soft purge", () => {
    const softly = (seconds: number) => ({ kind: "soft-purged", seconds });
    const ALL: PurgeTarget = { kind: "everything" };

    for (const target of [{ kind: "tag", tag: "news" }, ALL, { ...ALL, site: "default" }] as const) {
      it(`tells since when what it covers is stale: ${JSON.stringify(target)}`, async () => {
        const stored = storedAt(mark());
        await append(target, true);
        expect(follower.standing(stored)).to.deep.equal(softly(0));
        clock.advance(200);
        await append(target, true);
        clock.advance(100);
        expect(follower.standing(stored)).to.deep.equal(softly(0.3));
        expect(store.objects).to.equal(1);
        expect(follower.standing(storedAt(mark()))).to.deep.equal({ kind: "trusted" });
      });
    }

    it("goes by the first of those that cover it, one of everything or one of it alone", async () => {
      const [early, late] = [storedAt(mark(), "/early"), storedAt(mark(), "/late")];
      await append({ kind: "url", target: "/early" }, true);
      clock.advance(100);
      await append(ALL, true);
      clock.advance(100);
      await append({ kind: "url", target: "/late" }, true);
      expect([follower.standing(early), follower.standing(late)]).to.deep.equal([softly(0.2), softly(0.1)]);
    });

    it("keeps out of the store what was asked for before, and removes nothing", async () => {
      const stored = storedAt(mark());
      for (const target of [{ kind: "tag", tag: "news" }, ALL] as const) {
        const before = mark();
        await append(target, true);
        expect(follower.overtaken(before, PAGE)).to.equal(true);
        expect(follower.sharing(before, PAGE)).to.equal("overtaken");
        expect(follower.removed(before, PAGE)).to.equal(false);
      }
      await append({ kind: "url", target: "/page" });
      expect(follower.removed(stored.mark, stored)).to.equal(true);
    });

    it("trusts nothing that it covers while the lease is lapsed, and counts on when it is back", async () => {
      const stored = storedAt(mark());
      await append(ALL, true);
      log.cut = true;
      clock.advance(2_000);
      await turn();
      expect(follower.standing(stored)).to.deep.equal({ kind: "purged" });
      log.cut = false;
      clock.advance(HEARTBEAT_MS);
      await turn();
      expect(follower.standing(stored)).to.deep.equal(softly((2_000 + HEARTBEAT_MS) / 1_000));
    });

    it("makes a validator of it when a flush comes, which forgets what was stale before", async () => {
      const stored = storedAt(mark());
      await append(ALL, true);
      const epoch = follower.position.epoch - 1;
      log.bend = (state) => ({ ...state, runId: "another", tail: { epoch, seq: 1 } });
      clock.advance(HEARTBEAT_MS);
      await turn();
      expect(follower.standing(stored)).to.deep.equal({ kind: "purged" });
      expect(follower.removed(stored.mark, stored)).to.equal(true);
      expect(follower.standing(storedAt({ ...mark(), position: { epoch, seq: 1 } }))).to.deep.equal({
        kind: "trusted",
      });
    });
  });

  describe("while it purges many paths in slices", () => {
    const ITEMS = 5_000;

    beforeEach(() => {
      for (let i = 0; i < ITEMS; i += 1) storedAt(mark(), `/items/${i}`);
    });

    /** Lets it do its slices to the end. */
    const finish = async (): Promise<void> => {
      while (clock.waiting > 1) {
        clock.advance(0);
        await turn();
      }
    };

    it("trusts nothing that the purge covers, though it has not come to it yet", async () => {
      const covered = storedAt(mark(), "/items/last");
      const other = storedAt(mark(), "/other");
      await append({ kind: "prefix", prefix: "/items" });
      expect(store.objects).to.be.within(1_000, ITEMS);
      expect([follower.standing(covered), follower.standing(other)]).to.deep.equal([
        { kind: "purged" },
        { kind: "trusted" },
      ]);
      await finish();
      expect(store.objects).to.equal(1);
      expect(follower.standing(other)).to.deep.equal({ kind: "trusted" });
    });

    it("holds for stale what a soft purge covers, from one moment on", async () => {
      const covered = storedAt(mark(), "/items/last");
      await append({ kind: "prefix", prefix: "/items" }, true);
      expect(store.softPurgedAt(covered)).to.equal(undefined);
      expect(follower.standing(covered)).to.deep.equal({ kind: "soft-purged", seconds: 0 });
      clock.advance(7);
      await turn();
      await finish();
      expect(store.softPurgedAt(covered)).to.equal(0);
      expect(follower.standing(covered)).to.deep.equal({ kind: "soft-purged", seconds: 0.007 });
    });

    it("keeps its place when the log is trimmed past the purge meanwhile, and counts everything as purged", async () => {
      const other = storedAt(mark(), "/other");
      const { epoch, seq } = await append({ kind: "prefix", prefix: "/items" });
      log.bend = (state) => ({ ...state, first: { epoch, seq: seq + 5 }, tail: { epoch, seq: seq + 4 } });
      clock.advance(HEARTBEAT_MS);
      await turn();
      expect(follower.position).to.deep.equal({ epoch, seq: seq + 4 });
      log.cut = true;
      const later = storedAt(mark(), "/later");
      await finish();
      expect(follower.position).to.deep.equal({ epoch, seq: seq + 4 });
      expect([follower.standing(other).kind, follower.standing(later).kind]).to.deep.equal([
        "purged",
        "trusted",
      ]);
    });

    it("takes the entries that come meanwhile after it, and loses none", async () => {
      const other = storedAt(mark(), "/other");
      const before = follower.position;
      await append({ kind: "prefix", prefix: "/items" });
      const last = await append({ kind: "url", target: "/page" });
      expect(follower.position).to.deep.equal(before);
      await finish();
      expect(follower.position).to.deep.equal(last);
      expect(follower.purges).to.equal(2);
      expect(follower.standing(other)).to.deep.equal({ kind: "trusted" });
    });
  });

  describe("given entries", () => {
    const entry = (seq: number, content: LogEntry["content"]): LogEntry => ({
      position: { epoch: follower.position.epoch, seq },
      content,
    });
    const purgeOf = (target: string): LogEntry["content"] => ({
      kind: "purge",
      purge: { purgeId: "p", targets: [{ kind: "url", target }], soft: false, by: "test" },
    });

    it("makes validators of everything when one is missing between them", async () => {
      const stored = storedAt(mark());
      await follower.apply([entry(follower.position.seq + 2, purgeOf("/other"))]);
      expect(follower.standing(stored)).to.deep.equal({ kind: "purged" });
    });

    it("ignores those at or below its position", async () => {
      await append({ kind: "url", target: "/other" });
      storedAt(mark());
      await follower.apply([entry(follower.position.seq, purgeOf("/page"))]);
      expect([store.objects, follower.purges]).to.deep.equal([1, 1]);
    });

    it("purges everything for one that it cannot read", async () => {
      storedAt(mark());
      await follower.apply([entry(follower.position.seq + 1, { kind: "unreadable", reason: "bad JSON" })]);
      expect(store.objects).to.equal(0);
    });

    it("makes validators of everything at a new epoch", async () => {
      const stored = storedAt(mark());
      const epoch = follower.position.epoch + 1;
      await follower.apply([{ position: { epoch, seq: 0 }, content: { kind: "barrier", reason: "test" } }]);
      expect(follower.standing(stored)).to.deep.equal({ kind: "purged" });
      expect(follower.position).to.deep.equal({ epoch, seq: 0 });
    });
  });

  it("knows no place to fill from before the log has answered", async () => {
    const silent = new TroubledLog(clock);
    silent.cut = true;
    const early = new PurgeFollower({
      leaseMs: 2_000,
      purgeLog: silent,
      store,
      clock,
      log: createLog("test", "silent"),
    });
    await early.start({ edge: "edge-2", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    expect([early.mark(), early.leaseLeftMs]).to.deep.equal([undefined, 0]);
    silent.cut = false;
    clock.advance(HEARTBEAT_MS);
    await turn();
    expect(early.mark()).to.not.equal(undefined);
    expect(early.leaseLeftMs).to.be.greaterThan(0);
    await early.stop();
    await silent.close();
  });

  it("writes two lines a second about sites that it does not know, however many purges name them", async () => {
    const lines: { msg: string; times?: number }[] = [];
    const writer = new LogWriter((bytes, done) => {
      lines.push(JSON.parse(Buffer.from(bytes).toString()));
      done(true);
    });
    const other = new PurgeFollower({
      leaseMs: 2_000,
      purgeLog: log,
      store,
      clock,
      log: logTo(writer, { program: "edge", level: "warn", clock }),
      sites: { names: ["shop"], digest: "digest" },
    });
    await other.start({ edge: "edge-2", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    await turn();
    for (let purges = 0; purges < 100; purges += 1) await append({ kind: "everything", site: "store" });
    clock.advance(1_000);
    await turn();
    expect(lines.map(({ msg, times }) => [msg, times])).to.deep.equal([
      [UNKNOWN_SITES, undefined],
      [UNKNOWN_SITES, 99],
    ]);
    await other.stop();
  });

  it("counts everything as purged when an entry cannot be applied, and goes on with the next one", async () => {
    const stored = storedAt(mark());
    const purge = store.purge;
    store.purge = async () => {
      throw new Error("broken on purpose");
    };
    const broken = await append({ kind: "url", target: "/other" });
    await turn();
    store.purge = purge;
    expect(follower.position).to.deep.equal(broken);
    expect(follower.standing(stored).kind).to.equal("purged");
    const after = storedAt(mark(), "/after");
    expect(follower.standing(after).kind).to.equal("trusted");
    const next = await append({ kind: "url", target: "/another" });
    await turn();
    expect(follower.position).to.deep.equal(next);
  });
});
