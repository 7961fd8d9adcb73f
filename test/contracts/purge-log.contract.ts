import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import { BATCH_ENTRIES } from "../../purge-log/log-limits.ts";
import { BEGINNING, comparePositions, type Position } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type { Confirmation, LogEntry, PurgeCount, PurgeLog } from "../../purge-log/purge-log.ts";
import { accepted, beatOf, collect, label, purgeOf } from "../rig/purge-log-entries.ts";
import { until } from "../rig/until.ts";

/** One empty log, for one test. */
export interface PurgeLogRig {
  /** Another handle on the same log, as another process (or, in memory, another edge) would hold. */
  open(): PurgeLog;
  close(): Promise<void>;
}

const holds = (count: number) => (entries: readonly LogEntry[]) => entries.length >= count;

/** What every purge log promises, run on each implementation. `makeRig` gives an empty log. */
export function purgeLogContract(name: string, makeRig: () => Promise<PurgeLogRig>): void {
  describe(`${name}, as a purge log`, () => {
    let rig: PurgeLogRig;
    let log: PurgeLog;
    /** Microseconds since 1970, before the log was made. */
    let startedAt: number;
    beforeEach(async () => {
      startedAt = systemClock.wall() * 1000;
      rig = await makeRig();
      log = rig.open();
    });
    afterEach(() => rig.close());

    async function append(...purgeIds: string[]): Promise<Position[]> {
      const positions: Position[] = [];
      for (const id of purgeIds) positions.push(accepted(await log.append(purgeOf(id), BEGINNING)));
      return positions;
    }

    describe("append and follow", () => {
      it("begin an epoch, later than now in seconds and in microseconds, with a barrier and count on densely from it", async () => {
        const positions = await append("a", "b", "c");
        const entries = await collect(log, BEGINNING, holds(4));
        expect(entries.map(label)).to.deep.equal(["barrier", "a", "b", "c"]);
        const epoch = entries[0]?.position.epoch ?? 0;
        expect(epoch).to.be.greaterThan(startedAt);
        expect(entries.map(({ position }) => position)).to.deep.equal(
          [0, 1, 2, 3].map((seq) => ({ epoch, seq })),
        );
        expect(positions).to.deep.equal(entries.slice(1).map(({ position }) => position));
      });

      it("carry every kind of target, with and without site, unchanged", async () => {
        const purge: Purge = {
          purgeId: "p/1 ü\ufffd\n",
          targets: [
            { kind: "url", target: "/a?b=1" },
            { kind: "prefix", prefix: "/ä/", site: "shop" },
            { kind: "tag", tag: "t\u{1f600}\ud800" },
            { kind: "everything", site: "shop" },
            { kind: "everything" },
          ],
          soft: true,
          by: "",
        };
        await log.append(purge, BEGINNING);
        const [, entry] = await collect(rig.open(), BEGINNING, holds(2));
        expect(entry?.content).to.deep.equal({ kind: "purge", purge });
      });

      it("give two followers the same entries", async () => {
        const both = [collect(log, BEGINNING, holds(4)), collect(rig.open(), BEGINNING, holds(4))];
        await append("a", "b", "c");
        const [one, other] = await Promise.all(both);
        expect(one).to.deep.equal(other);
      });

      it("give only what stands after the position asked for", async () => {
        const [, b] = await append("a", "b", "c", "d");
        const entries = await collect(log, b ?? BEGINNING, holds(2));
        expect(entries.map(label)).to.deep.equal(["c", "d"]);
      });

      it("wake a follower that waits at the tail", async () => {
        const [a] = await append("a");
        const next = collect(log, a ?? BEGINNING, holds(1));
        await append("b");
        expect((await next).map(label)).to.deep.equal(["b"]);
      });

      it(`give a backlog in order, in batches of at most ${BATCH_ENTRIES}`, async () => {
        const ids = Array.from({ length: 1100 }, (_, i) => `p${i}`);
        await Promise.all(ids.map((id) => log.append(purgeOf(id), BEGINNING)));
        const sizes: number[] = [];
        const seqs: number[] = [];
        for await (const batch of log.follow(BEGINNING, new AbortController().signal)) {
          sizes.push(batch.length);
          seqs.push(...batch.map(({ position }) => position.seq));
          if (seqs.length > ids.length) break;
        }
        expect(Math.max(...sizes)).to.be.at.most(BATCH_ENTRIES);
        expect(seqs).to.deep.equal(Array.from({ length: 1101 }, (_, i) => i));
      });
    });

    describe("the same purgeId", () => {
      it("gets the first position again and makes one entry", async () => {
        const [first, second] = [await append("a"), await append("a")];
        await append("b");
        expect(second).to.deep.equal(first);
        expect((await collect(log, BEGINNING, holds(3))).map(label)).to.deep.equal(["barrier", "a", "b"]);
      });

      it("makes one entry when it is sent twice at the same time from two places", async () => {
        const other = rig.open();
        const outcomes = await Promise.all([
          log.append(purgeOf("a"), BEGINNING),
          other.append(purgeOf("a"), BEGINNING),
        ]);
        await append("b");
        expect(outcomes[0]).to.deep.equal(outcomes[1]);
        expect((await collect(log, BEGINNING, holds(3))).map(label)).to.deep.equal(["barrier", "a", "b"]);
      });
    });

    describe("the same purgeId for another purge", () => {
      const target = (path: string) => ({ kind: "url" as const, target: path });
      const first: Purge = {
        ...purgeOf("deploy-1"),
        targets: [target("/a"), target("/b")],
        soft: true,
        pace: 5,
      };
      const others: readonly (readonly [string, Purge])[] = [
        ["other targets", { ...first, targets: [target("/a"), target("/c")] }],
        [
          "the same targets of one site",
          { ...first, targets: [{ ...target("/a"), site: "shop" }, target("/b")] },
        ],
        ["a hard purge", { purgeId: "deploy-1", targets: first.targets, soft: false, by: "" }],
        ["another pace", { ...first, pace: 6 }],
        ["a rebound", { ...first, reboundMs: 2_000 }],
      ];
      for (const [what, other] of others) {
        it(`is refused: ${what}`, async () => {
          const position = accepted(await log.append(first, BEGINNING));
          expect(await rig.open().append(other, BEGINNING)).to.include({ kind: "another-purge" });
          expect((await log.heartbeat(beatOf("edge-1"))).tail).to.deep.equal(position);
        });
      }

      it("is the same purge whoever asks, and whatever the order of its targets", async () => {
        const position = accepted(await log.append(first, BEGINNING));
        const again = { ...first, targets: [...first.targets].reverse(), by: "edge-2 10.0.0.1" };
        expect(accepted(await rig.open().append(again, BEGINNING))).to.deep.equal(position);
      });
    });

    describe("a floor", () => {
      it("beyond the tail opens a new epoch beyond it, with a barrier", async () => {
        const [a] = await append("a");
        const floor = { epoch: (a?.epoch ?? 0) + 7, seq: 9 };
        const after = accepted(await log.append(purgeOf("b"), floor));
        expect(after.epoch).to.be.greaterThan(floor.epoch);
        expect(after.seq).to.equal(1);
        expect((await collect(log, BEGINNING, holds(4))).map(label)).to.deep.equal([
          "barrier",
          "a",
          "barrier",
          "b",
        ]);
      });

      it("from the far future is refused and changes nothing", async () => {
        await append("a");
        const outcome = await log.append(purgeOf("b"), { epoch: 5_000_000_000_000_000, seq: 0 });
        expect(outcome.kind).to.equal("rejected");
        expect(outcome).to.have.property("reason").that.contains("5000000000000000-0 is from the far future");
        await append("c");
        expect((await collect(log, BEGINNING, holds(3))).map(label)).to.deep.equal(["barrier", "a", "c"]);
      });
    });

    it("rejects a purge of more than 1000 targets, naming the field", async () => {
      const targets = Array.from({ length: 1001 }, () => ({ kind: "everything" as const }));
      const outcome = await log.append({ ...purgeOf("a"), targets }, BEGINNING);
      expect(outcome.kind).to.equal("rejected");
      expect(outcome).to.have.property("reason").that.contains("targets");
    });

    describe("a heartbeat", () => {
      it("opens an empty log and answers that its tail and its first entry are the barrier", async () => {
        const state = await log.heartbeat(beatOf("edge-1"));
        expect(state.tail.seq).to.equal(0);
        expect(state.first).to.deep.equal(state.tail);
        expect(state.runId).to.not.equal("");
      });

      it("answers the last entry as tail and the barrier as first", async () => {
        const [, b] = await append("a", "b");
        const state = await log.heartbeat(beatOf("edge-1"));
        expect(state.tail).to.deep.equal(b);
        expect(state.first).to.deep.equal({ ...b, seq: 0 });
        expect((await rig.open().heartbeat(beatOf("edge-2"))).runId).to.equal(state.runId);
      });

      it("from a position beyond the tail opens a new epoch beyond it", async () => {
        const [a] = await append("a");
        const ahead = { epoch: a?.epoch ?? 0, seq: 2 };
        const state = await log.heartbeat(beatOf("edge-1", ahead));
        expect(comparePositions(state.tail, ahead)).to.be.greaterThan(0);
        expect((await collect(log, BEGINNING, holds(3))).map(label)).to.deep.equal([
          "barrier",
          "a",
          "barrier",
        ]);
      });

      it("reaches those who wait for edges that join, once for each boot, and nobody else", async () => {
        const other = rig.open();
        const heard: string[] = [];
        const stop = other.onJoin(({ edge }) => heard.push(`stopped ${edge}`));
        stop();
        other.onConfirmation("edge-1", ({ edge }) => heard.push(`confirmed ${edge}`));
        other.onJoin(({ edge, bootId }) => heard.push(`${edge} ${bootId}`));
        let joining = 0;
        // The first may come before the listener is connected, as in a real start.
        await until(
          "a listener has heard of an edge that joined",
          () => heard.length > 0,
          async () => {
            joining += 1;
            await log.heartbeat(beatOf(`edge-${joining}`));
          },
        );
        await log.heartbeat(beatOf(`edge-${joining}`));
        await log.leave(`edge-${joining}`, `edge-${joining}-boot`);
        await log.heartbeat({ ...beatOf(`edge-${joining}`), bootId: "second" });
        await until("the second boot is heard of", () => heard.at(-1) === `edge-${joining} second`);
        expect(heard.slice(-2)).to.deep.equal([
          `edge-${joining} edge-${joining}-boot`,
          `edge-${joining} second`,
        ]);
      });
    });

    describe("a confirmation", () => {
      const at = (seq: number): Position => ({ epoch: 1_790_000_000_000_000, seq });
      const confirmation: Confirmation = {
        edge: "edge-2",
        position: at(7),
        runId: "run",
        applied: [
          { position: at(6), objects: 1 },
          { position: at(7), objects: 3 },
        ],
      };

      it("reaches the taker that it is for, with its counts, and no other", async () => {
        const heard: Confirmation[] = [];
        rig.open().onConfirmation("edge-1", (one) => heard.push(one));
        const others: Confirmation[] = [];
        const other = rig.open();
        other.onConfirmation("edge-3", (one) => others.push(one));
        await until(
          "both listen",
          () => heard.length > 0 && others.length > 0,
          async () => {
            for (const taker of ["edge-1", "edge-3"]) await log.confirm(taker, confirmation);
          },
        );
        expect(await log.confirm("edge-1", { ...confirmation, edge: "edge-9" })).to.equal(true);
        await until("it has come", () => heard.at(-1)?.edge === "edge-9");
        expect(heard[0]).to.deep.equal(confirmation);
        await log.confirm("edge-3", { ...confirmation, edge: "edge-10" });
        await until("the other has its own", () => others.at(-1)?.edge === "edge-10");
        expect(others.map(({ edge }) => edge)).to.not.include("edge-9");
      });

      it("says when nobody listens, and never throws", async () => {
        expect(await log.confirm("edge-1", confirmation)).to.equal(false);
        await log.close();
        expect(await log.confirm("edge-1", confirmation)).to.equal(false);
      });
    });

    describe("counts", () => {
      it("are what heartbeats have said that purges removed, of each edge, and go with it", async () => {
        const [a, b] = await append("a", "b");
        const count = (position: Position | undefined, objects: number) => ({
          position: position ?? BEGINNING,
          objects,
        });
        const told = (edge: string, ...applied: PurgeCount[]) => log.heartbeat({ ...beatOf(edge), applied });
        await told("edge-1", count(a, 5));
        await told("edge-1");
        await told("edge-1", count(b, 7));
        await told("edge-2", count(a, 1));
        const counts = await rig.open().counts();
        expect(counts.get("edge-1")).to.deep.equal([count(a, 5), count(b, 7)]);
        expect(counts.get("edge-2")).to.deep.equal([count(a, 1)]);
        await log.leave("edge-1", "edge-1-boot");
        expect([...(await log.counts()).keys()]).to.deep.equal(["edge-2"]);
      });

      it("are the latest 64 or more, and not all that there ever were", async () => {
        const at = (seq: number) => ({ position: { epoch: 1_790_000_000_000_000, seq }, objects: 1 });
        for (let seq = 0; seq < 200; seq += 1)
          await log.heartbeat({ ...beatOf("edge-1"), applied: [at(seq)] });
        const kept = (await log.counts()).get("edge-1") ?? [];
        expect(kept.length).to.be.within(64, 128);
        expect(kept.at(-1)).to.deep.equal(at(199));
      });
    });

    describe("members", () => {
      it("are all edges that sent a heartbeat, by id, each with its last one and its age", async () => {
        await log.heartbeat(beatOf("edge-2"));
        await log.heartbeat(beatOf("edge-1"));
        const { tail, runId } = await log.heartbeat(beatOf("edge-1"));
        await log.heartbeat({ ...beatOf("edge-1", tail), runId });
        const members = await rig.open().members();
        const ages = members.map((member) => member.heartbeatAgeMs);
        expect(members.map(({ heartbeatAgeMs: _, tableAgeMs: __, ...beat }) => beat)).to.deep.equal([
          { ...beatOf("edge-1", tail), runId },
          beatOf("edge-2"),
        ]);
        for (const age of ages) expect(age).to.be.within(0, 5000);
      });

      it("grow older until the next heartbeat", async () => {
        await log.heartbeat(beatOf("edge-1"));
        let ageMs = 0;
        while (ageMs < 5) ageMs = (await log.members())[0]?.heartbeatAgeMs ?? 0;
        const beganAt = performance.now();
        await log.heartbeat(beatOf("edge-1"));
        ageMs = (await log.members())[0]?.heartbeatAgeMs ?? 0;
        // The log counts in whole milliseconds.
        expect(ageMs).to.be.at.most(performance.now() - beganAt + 2);
      });

      it("are no longer listed when they have left, until they send a heartbeat again", async () => {
        await log.heartbeat(beatOf("edge-1"));
        await log.heartbeat(beatOf("edge-2"));
        await log.leave("edge-1", beatOf("edge-1").bootId);
        expect((await log.members()).map(({ edge }) => edge)).to.deep.equal(["edge-2"]);
        await log.heartbeat(beatOf("edge-1"));
        expect((await log.members()).map(({ edge }) => edge)).to.deep.equal(["edge-1", "edge-2"]);
      });

      it("are not taken out by an earlier boot of theirs that leaves", async () => {
        await log.heartbeat(beatOf("edge-1"));
        await log.leave("edge-1", "an earlier boot");
        expect((await log.members()).map(({ edge }) => edge)).to.deep.equal(["edge-1"]);
      });

      it("are forgotten once their lease has surely run out, and not while they may serve", async () => {
        await log.heartbeat(beatOf("edge-1"));
        const serving = await log.forget("edge-1");
        expect(serving).to.include({ kind: "serving" });
        // 2 s of lease, 1 % and 100 ms for a heartbeat on its way.
        expect(serving).to.have.property("leftMs").that.is.within(1, 2_120);
        expect((await log.members()).map(({ edge }) => edge)).to.deep.equal(["edge-1"]);
        await log.heartbeat({ ...beatOf("edge-1"), leaseMs: 1 });
        let outcome = await log.forget("edge-1");
        while (outcome.kind === "serving") outcome = await log.forget("edge-1");
        expect(outcome).to.include({ kind: "forgotten" });
        expect(await log.members()).to.deep.equal([]);
        expect(await log.forget("edge-1")).to.deep.equal({ kind: "unknown" });
      });

      it("are never two of one id: the heartbeat of another boot is refused while the lease may run", async () => {
        await log.heartbeat(beatOf("edge-1"));
        const twin = { ...beatOf("edge-1"), bootId: "twin" };
        const thrown = await rig
          .open()
          .heartbeat(twin)
          .catch((error: unknown) => error);
        expect(thrown).to.include({ code: "edge-id-taken" });
        expect((await log.members()).map(({ bootId }) => bootId)).to.deep.equal(["edge-1-boot"]);
      });

      it("may be another boot once the lease has surely run out", async () => {
        // 1 ms of lease and 100 ms for a heartbeat on its way.
        await log.heartbeat({ ...beatOf("edge-1"), leaseMs: 1 });
        let beaten = false;
        while (!beaten) {
          beaten = await log.heartbeat({ ...beatOf("edge-1"), bootId: "next" }).then(
            () => true,
            () => false,
          );
        }
        expect((await log.members()).map(({ bootId }) => bootId)).to.deep.equal(["next"]);
      });
    });

    describe("the end", () => {
      it("of following comes when its signal aborts, while it waits or before it begins", async () => {
        const stop = new AbortController();
        const batches = log.follow(BEGINNING, stop.signal)[Symbol.asyncIterator]();
        await append("a");
        await batches.next();
        const waiting = drained(batches);
        stop.abort();
        await waiting;
        await drained(log.follow(BEGINNING, stop.signal)[Symbol.asyncIterator]());
      });

      it("of following comes when the log is closed", async () => {
        const batches = log.follow(BEGINNING, new AbortController().signal)[Symbol.asyncIterator]();
        await append("a");
        await batches.next();
        const waiting = drained(batches);
        await log.close();
        await waiting;
      });

      it("of the log: afterwards it rejects an append and fails a heartbeat, saying that it is closed", async () => {
        await log.close();
        const outcome = await log.append(purgeOf("a"), BEGINNING);
        expect(outcome.kind).to.equal("rejected");
        expect(outcome).to.have.property("reason").that.contains("closed");
        const thrown = await log.heartbeat(beatOf("edge-1")).catch((error: unknown) => error);
        expect(thrown).to.be.instanceOf(Failure);
        expect(String(thrown)).to.contain("closed");
      });
    });
  });
}

async function drained(batches: AsyncIterator<unknown>): Promise<void> {
  let done = false;
  while (!done) done = (await batches.next()).done === true;
}
