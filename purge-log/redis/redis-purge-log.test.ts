import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { purgeLogContract } from "../../test/contracts/purge-log.contract.ts";
import { accepted, beatOf, collect, label, purgeOf } from "../../test/rig/purge-log-entries.ts";
import { RedisLogs } from "../../test/rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../../test/rig/redis-server.ts";
import { until } from "../../test/rig/until.ts";
import { BEGINNING, type Position } from "../position.ts";
import type { LogEntry } from "../purge-log.ts";
import { takerChannel } from "./keys.ts";
import type { RedisPurgeLog } from "./redis-purge-log.ts";

describe("RedisPurgeLog", () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedisServer();
  });
  after(() => server.close());

  purgeLogContract("RedisPurgeLog", async () => {
    await server.command("FLUSHALL");
    return new RedisLogs(server.url);
  });
});

describe("RedisPurgeLog, of many edges", () => {
  let server: RedisServer;
  let logs: RedisLogs;
  beforeEach(async () => {
    server = await startRedisServer();
    logs = new RedisLogs(server.url);
  });
  afterEach(async () => {
    await logs.close();
    await server.close();
  });

  /** How often each command was carried out since the last reset, within scripts too. */
  async function calls(command: string): Promise<number> {
    const stats = String(await server.command("INFO", "commandstats"));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  it("costs one script for each heartbeat: nothing is published, and nobody reads the table", async () => {
    const edges = Array.from({ length: 5 }, (_, number) => ({ id: `edge-${number}`, log: logs.open() }));
    for (const { id, log } of edges) {
      log.onConfirmation(id, () => undefined);
      await log.heartbeat(beatOf(id));
    }
    await server.command("CONFIG", "RESETSTAT");
    for (let beats = 0; beats < 4; beats += 1) {
      await Promise.all(edges.map(({ id, log }) => log.heartbeat({ ...beatOf(id), applied: [] })));
    }
    const counted = await Promise.all(["evalsha", "publish", "hgetall", "hset"].map(calls));
    expect(counted).to.deep.equal([20, 0, 0, 20]);
  });

  it("reads the table once for all that ask in the time of one reading", async () => {
    const log = logs.open();
    await log.heartbeat(beatOf("edge-1"));
    await server.command("CONFIG", "RESETSTAT");
    const first = log.members();
    const others = Array.from({ length: 50 }, () => log.members());
    await Promise.all([first, ...others]);
    expect(await calls("hgetall")).to.equal(1);
  });
});

describe("RedisPurgeLog, when Redis fails", () => {
  let server: RedisServer;
  let logs: RedisLogs;
  let log: RedisPurgeLog;
  beforeEach(async () => {
    server = await startRedisServer();
    logs = new RedisLogs(server.url);
    log = logs.open();
  });
  afterEach(async () => {
    await logs.close();
    await server.close();
  });

  const append = async (purgeId: string, floor: Position = BEGINNING) =>
    accepted(await log.append(purgeOf(purgeId), floor));

  const has = (purgeId: string) => (entries: readonly LogEntry[]) =>
    entries.some((e) => label(e) === purgeId);

  describe("by being killed and started again with its data", () => {
    it("gives a follower every accepted purge once, in order, over the outage", async () => {
      const following = collect(log, BEGINNING, has("last"));
      const ids = Array.from({ length: 50 }, (_, i) => `p${i}`);
      for (const id of ids.slice(0, 25)) await append(id);
      await server.restart("with its data");
      for (const id of ids.slice(25)) await appendUntilAccepted(log, id);
      await appendUntilAccepted(log, "last");
      const labels = (await following).map(label);
      expect(labels.filter((text) => text !== "barrier")).to.deep.equal([...ids, "last"]);
      expect(labels.indexOf("barrier", 1)).to.equal(26);
    });

    it("gives the same position to a retry that comes after the restart", async () => {
      const first = await append("a");
      await server.restart("with its data");
      expect(await appendUntilAccepted(log, "a")).to.deep.equal(first);
    });

    it("changes its run id, and tells of the outage once and of its end once", async () => {
      const { runId, tail } = await log.heartbeat(beatOf("edge-1"));
      const following = collect(log, tail, has("a"));
      log.onConfirmation("edge-1", () => undefined);
      await server.kill();
      await until(
        "the outage is told",
        () => logs.troubles.length > 0,
        () => heartbeatResult(log),
      );
      const rejected = await log.append(purgeOf("a"), BEGINNING);
      await server.restart("with its data");
      await appendUntilAccepted(log, "a");
      await following;
      const after = await log.heartbeat(beatOf("edge-1"));
      expect(after.runId).to.not.equal(runId);
      expect(rejected.kind).to.equal("rejected");
      await until(
        "its end is told",
        () => logs.recoveries > 0,
        () => heartbeatResult(log),
      );
      expect(logs.troubles.map(({ code }) => code)).to.have.length(1);
    });
  });

  it("lets a taker hear confirmations again after a restart", async () => {
    let heard = 0;
    log.onConfirmation("edge-1", () => {
      heard += 1;
    });
    const confirm = () =>
      log.confirm("edge-1", { edge: "edge-2", position: BEGINNING, runId: "", applied: [] });
    await until("a confirmation is heard", () => heard > 0, confirm);
    await server.restart("with its data");
    heard = 0;
    await until("a confirmation is heard again", () => heard > 0, confirm);
  });

  it("lets what is no confirmation pass, whoever sends it to a taker", async () => {
    const heard: string[] = [];
    log.onConfirmation("edge-1", ({ edge }) => heard.push(edge));
    const confirmation = { edge: "edge-2", position: BEGINNING, runId: "", applied: [] };
    await until(
      "a confirmation is heard",
      () => heard.length > 0,
      () => log.confirm("edge-1", confirmation),
    );
    for (const text of ["", "{", "[]", '{"edge":"edge-3"}'])
      await server.command("PUBLISH", takerChannel("edge-1"), text);
    await log.confirm("edge-1", { ...confirmation, edge: "edge-4" });
    await until("the last one is heard", () => heard.at(-1) === "edge-4");
    expect(new Set(heard)).to.deep.equal(new Set(["edge-2", "edge-4"]));
  });

  describe("by being started again without its data", () => {
    it("opens a later epoch, whose barrier the follower sees", async () => {
      const first = await append("a");
      const following = collect(log, first, has("b"));
      await server.restart("without data");
      const second = await appendUntilAccepted(log, "b", first);
      expect(second.epoch).to.be.greaterThan(first.epoch);
      expect((await following).map(label)).to.deep.equal(["barrier", "b"]);
    });

    it("gives a follower a barrier even if the next publisher has seen nothing of the old log", async () => {
      const far = await append("a", { epoch: 2_000_000_000_000_000, seq: 0 });
      const following = collect(log, far, (entries) => entries.length > 0);
      await log.heartbeat(beatOf("edge-1"));
      await server.restart("without data");
      await appendUntilAccepted(log, "b");
      expect((await following).map(label)[0]).to.equal("barrier");
    });
  });

  describe("by not being there at first", () => {
    it("fails heartbeats and rejects appends until it is there, and then works without help", async () => {
      await server.kill();
      const following = collect(log, BEGINNING, has("b"));
      const failed = await heartbeatResult(log);
      expect(failed).to.be.instanceOf(Failure).with.property("code", "log-unreachable");
      const outcome = await log.append(purgeOf("a"), BEGINNING);
      expect(outcome.kind).to.equal("rejected");
      expect(outcome).to.have.property("reason").that.contains("ECONNREFUSED");
      await server.restart("with its data");
      await appendUntilAccepted(log, "b");
      expect((await following).map(label)).to.deep.equal(["barrier", "b"]);
    });
  });

  describe("by being stopped", () => {
    it("answers unknown after two seconds, and a retry makes one entry", async () => {
      await append("a");
      server.stop();
      const began = performance.now();
      const outcome = await log.append(purgeOf("b"), BEGINNING);
      const tookMs = performance.now() - began;
      server.cont();
      expect(outcome.kind).to.equal("unknown");
      // It gives the log its two seconds. A timer may go off a few milliseconds early by this clock.
      expect(tookMs).to.be.at.least(1900);
      const retried = await appendUntilAccepted(log, "b");
      await append("c");
      const entries = await collect(log, BEGINNING, has("c"));
      expect(entries.map(label)).to.deep.equal(["barrier", "a", "b", "c"]);
      expect(entries[2]?.position).to.deep.equal(retried);
    });

    it("is noticed by a follower, which goes on when it runs again", async () => {
      const first = await append("a");
      const following = collect(log, first, has("b"));
      server.stop();
      expect((await logs.firstTrouble()).code).to.be.oneOf(["log-unanswered", "log-unreachable"]);
      server.cont();
      await appendUntilAccepted(log, "b");
      expect((await following).map(label)).to.deep.equal(["b"]);
    });

    it("ends a follow at once when the log is closed meanwhile", async () => {
      const first = await append("a");
      const batches = log.follow(BEGINNING, new AbortController().signal)[Symbol.asyncIterator]();
      await batches.next();
      const waiting = batches.next();
      server.stop();
      await log.close();
      expect(await waiting).to.deep.equal({ done: true, value: undefined });
      // It did not wait for the silence that would be reported.
      expect(logs.troubles).to.deep.equal([]);
      expect(first.seq).to.equal(1);
      server.cont();
    });
  });

  describe("by refusing", () => {
    const refusals: readonly {
      name: string;
      reason: string;
      commands: readonly (readonly [string, ...string[]])[];
    }[] = [
      { name: "as a replica", reason: "READONLY", commands: [["REPLICAOF", "127.0.0.1", "1"]] },
      { name: "when its memory is full", reason: "OOM", commands: [["CONFIG", "SET", "maxmemory", "1"]] },
      {
        name: "without its replicas",
        reason: "NOREPLICAS",
        commands: [["CONFIG", "SET", "min-replicas-to-write", "1"]],
      },
      { name: "to strangers", reason: "NOAUTH", commands: [["CONFIG", "SET", "requirepass", "secret"]] },
    ];
    for (const { name, reason, commands } of refusals) {
      it(`${name} (${reason}) makes an append rejected and a heartbeat fail with that reason`, async () => {
        for (const command of commands) await server.command(...command);
        const outcome = await log.append(purgeOf("a"), BEGINNING);
        expect(outcome.kind).to.equal("rejected");
        expect(outcome).to.have.property("reason").that.contains(reason);
        expect(String(await heartbeatResult(log))).to.contain(reason);
      });
    }

    it("stops when the cause is gone, and nothing that was rejected stands in the log", async () => {
      await server.command("CONFIG", "SET", "maxmemory", "1");
      await log.append(purgeOf("a"), BEGINNING);
      await server.command("CONFIG", "SET", "maxmemory", "0");
      await appendUntilAccepted(log, "b");
      expect((await collect(log, BEGINNING, has("b"))).map(label)).to.deep.equal(["barrier", "b"]);
    });

    it("never shows the password of its URL", async () => {
      const secretive = new RedisLogs(server.url.replace("//", "//:hunter2@"));
      await server.command("CONFIG", "SET", "requirepass", "other");
      const outcome = await secretive.open().append(purgeOf("a"), BEGINNING);
      await secretive.close();
      expect(outcome.kind).to.equal("rejected");
      expect(JSON.stringify(outcome)).to.contain("WRONGPASS").and.not.contain("hunter2");
    });
  });
});

/** Retries with the same purgeId, as a caller would, until the log says yes. */
async function appendUntilAccepted(
  log: RedisPurgeLog,
  purgeId: string,
  floor = BEGINNING,
): Promise<Position> {
  for (;;) {
    const outcome = await log.append(purgeOf(purgeId), floor);
    if (outcome.kind === "accepted") return outcome.position;
  }
}

async function heartbeatResult(log: RedisPurgeLog): Promise<unknown> {
  return await log.heartbeat(beatOf("edge-1")).catch((error: unknown) => error);
}
