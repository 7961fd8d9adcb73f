import { expect } from "chai";
import { accepted, beatOf, collect, label, purgeOf, takeUntil } from "../../test/rig/purge-log-entries.ts";
import { RedisLogs } from "../../test/rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../../test/rig/redis-server.ts";
import { BEGINNING, type Position } from "../position.ts";
import type { LogEntry } from "../purge-log.ts";
import { ASIDE_KEY, EDGES_KEY, LOG_KEY, META_KEY } from "./keys.ts";
import type { RedisPurgeLog } from "./redis-purge-log.ts";

type Command = readonly [string, ...(string | number)[]];

/** Milliseconds since 1970 that are long in coming. */
const FUTURE = "9999999999999";

const HUGE = "18446744073709551615";

/** What a stranger or an operator may do to our keys, and the entries that a follower at `a` then gets. */
interface Harm {
  readonly name: string;
  readonly commands: (a: Position) => readonly Command[];
  readonly seen: readonly string[];
}

const HARMS: readonly Harm[] = [
  { name: "FLUSHALL", commands: () => [["FLUSHALL"]], seen: ["barrier"] },
  { name: "DEL of the log", commands: () => [["DEL", LOG_KEY]], seen: ["barrier"] },
  { name: "DEL of its record", commands: () => [["DEL", META_KEY]], seen: ["barrier"] },
  { name: "HDEL of a part of its record", commands: () => [["HDEL", META_KEY, "opened"]], seen: ["barrier"] },
  { name: "XTRIM of everything", commands: () => [["XTRIM", LOG_KEY, "MAXLEN", 0]], seen: ["barrier"] },
  { name: "XDEL of the last entry", commands: (a) => [["XDEL", LOG_KEY, `${a.epoch}-1`]], seen: ["barrier"] },
  { name: "XSETID", commands: (a) => [["XSETID", LOG_KEY, `${a.epoch}-99`]], seen: ["barrier"] },
  {
    name: "an entry by hand in our epoch",
    commands: (a) => [["XADD", LOG_KEY, `${a.epoch}-*`, "hello", "world"]],
    seen: ["unreadable", "barrier"],
  },
  {
    name: "an entry by hand in a later epoch",
    commands: (a) => [["XADD", LOG_KEY, `${a.epoch + 5}-3`, "hello", "world"]],
    seen: ["unreadable", "barrier"],
  },
  {
    // Redis gives it the id after the last one, because that lies beyond a time in milliseconds.
    name: "XADD *",
    commands: () => [["XADD", LOG_KEY, "*", "hello", "world"]],
    seen: ["unreadable", "barrier"],
  },
  {
    name: "XADD * where the log was deleted",
    commands: () => [
      ["DEL", LOG_KEY],
      ["XADD", LOG_KEY, "*", "hello", "world"],
    ],
    seen: ["barrier"],
  },
  {
    name: "an entry from the far future, as a number that is still exact",
    commands: (a) => [["XADD", LOG_KEY, `${a.epoch * 3}-0`, "hello", "world"]],
    seen: ["barrier"],
  },
  {
    name: "an entry with the largest id",
    commands: () => [["XADD", LOG_KEY, `${HUGE}-${HUGE}`, "hello", "world"]],
    seen: ["barrier"],
  },
  {
    name: "an entry with the largest id that was deleted again",
    commands: () => [
      ["XADD", LOG_KEY, `${HUGE}-${HUGE}`, "hello", "world"],
      ["XDEL", LOG_KEY, `${HUGE}-${HUGE}`],
    ],
    seen: ["barrier"],
  },
  {
    name: "an entry with the largest seq of our epoch",
    commands: (a) => [["XADD", LOG_KEY, `${a.epoch}-${HUGE}`, "hello", "world"]],
    seen: ["barrier"],
  },
  {
    name: "a string in the place of the log",
    commands: () => [["SET", LOG_KEY, "hello"]],
    seen: ["barrier"],
  },
  {
    name: "a string in the place of the record",
    commands: () => [["SET", META_KEY, "hello"]],
    seen: ["barrier"],
  },
  {
    name: "nonsense in the record",
    commands: () => [["HSET", META_KEY, "last", `${HUGE}-1`, "run_id", "?", "opened", "?"]],
    seen: ["barrier"],
  },
  {
    name: "a string in the place of the edges",
    commands: () => [["SET", EDGES_KEY, "hello"]],
    seen: ["barrier"],
  },
];

describe("the scripts of the Redis purge log", () => {
  let server: RedisServer;
  let logs: RedisLogs;
  let log: RedisPurgeLog;
  before(async () => {
    server = await startRedisServer();
  });
  after(() => server.close());
  beforeEach(async () => {
    await server.command("FLUSHALL");
    logs = new RedisLogs(server.url);
    log = logs.open();
  });
  afterEach(() => logs.close());

  const append = async (purgeId: string, floor: Position = BEGINNING) =>
    accepted(await log.append(purgeOf(purgeId), floor));

  const upTo = (last: string) => (entries: readonly LogEntry[]) => entries.some((e) => label(e) === last);

  for (const { name, commands, seen } of HARMS) {
    it(`open a later epoch after ${name}, and a follower sees its barrier and what comes after`, async () => {
      const a = await append("a");
      // The first batch is taken, so that the harm is done under a follower that is connected and waits.
      const batches = log.follow(BEGINNING, new AbortController().signal);
      expect((await batches.next()).value?.map(label)).to.deep.equal(["barrier", "a"]);
      const following = takeUntil(batches, upTo("b"));
      for (const command of commands(a)) await server.command(...command);
      const { tail } = await log.heartbeat(beatOf("edge-1", a));
      const b = await append("b", a);
      expect((await following).map(label)).to.deep.equal([...seen, "b"]);
      expect(tail.epoch).to.be.greaterThan(a.epoch);
      expect(b).to.deep.equal({ epoch: tail.epoch, seq: 1 });
    });
  }

  it("open the later epoch for a publisher too, when no edge sent a heartbeat in between", async () => {
    const a = await append("a");
    await server.command("XADD", LOG_KEY, `${HUGE}-${HUGE}`, "hello", "world");
    const b = await append("b", a);
    expect(b.epoch).to.be.greaterThan(a.epoch);
    expect((await collect(log, a, upTo("b"))).map(label)).to.deep.equal(["barrier", "b"]);
  });

  it("open a later epoch for a publisher that has seen nothing yet", async () => {
    const a = await append("a");
    await server.command("DEL", LOG_KEY);
    expect((await append("b")).epoch).to.be.greaterThan(a.epoch);
  });

  it("give an entry that XADD * wrote into no log at all to a new follower as unreadable, before the barrier", async () => {
    await server.command("XADD", LOG_KEY, "*", "hello", "world");
    const b = await append("b");
    const entries = await collect(log, BEGINNING, upTo("b"));
    expect(entries.map(label)).to.deep.equal(["unreadable", "barrier", "b"]);
    expect(entries.at(-1)?.position).to.deep.equal(b);
  });

  it("open an epoch within a second of the last, after a total loss, that is not the last one again", async () => {
    const epochs = new Set<number>();
    for (let loss = 0; loss < 20; loss += 1) {
      epochs.add((await append("a")).epoch);
      await server.command("FLUSHALL");
    }
    expect(epochs.size).to.equal(20);
    expect([...epochs]).to.deep.equal([...epochs].sort((a, b) => a - b));
  });

  it("keep what stood in the way for a day, for the operator", async () => {
    await append("a");
    await server.command("SET", LOG_KEY, "hello");
    await append("b");
    expect(await server.command("GET", ASIDE_KEY)).to.equal("hello");
    expect(await server.command("TTL", ASIDE_KEY)).to.be.within(86_000, 86_400);
  });

  it("open nothing while nothing is in doubt", async () => {
    const a = await append("a");
    for (let i = 0; i < 20; i += 1) await log.heartbeat(beatOf("edge-1", a));
    await append("b", a);
    expect((await collect(log, BEGINNING, upTo("b"))).map(label)).to.deep.equal(["barrier", "a", "b"]);
  });

  it("leave a hole where entries were trimmed from the front, and tell the first that is left", async () => {
    const a = await append("a");
    const b = await append("b");
    await append("c");
    await server.command("XTRIM", LOG_KEY, "MINID", `${b.epoch}-3`);
    const { first, tail } = await log.heartbeat(beatOf("edge-1", a));
    expect([first, tail]).to.deep.equal([
      { epoch: a.epoch, seq: 3 },
      { epoch: a.epoch, seq: 3 },
    ]);
    expect((await collect(log, a, upTo("c"))).map(({ position }) => position.seq)).to.deep.equal([3]);
  });

  it("cap the stream at about 100000 entries", async () => {
    const { epoch } = await append("a");
    const fill = "for i = 2, 101000 do redis.call('XADD', KEYS[1], ARGV[1] .. '-*', 'x', 'y') end";
    await server.command("EVAL", fill, 1, LOG_KEY, epoch);
    await server.command("HSET", META_KEY, "last", `${epoch}-101000`);
    expect(await append("b")).to.deep.equal({ epoch, seq: 101_001 });
    expect(await server.command("XLEN", LOG_KEY)).to.be.within(100_000, 100_200);
  });

  it("know a purgeId for ten minutes", async () => {
    await append("a");
    expect(await server.command("PTTL", "{edgecache}:purge:a")).to.be.within(500_000, 600_000);
  });

  it("hand over entries that are not understood as unreadable, each in its place", async () => {
    const { epoch } = await append("a");
    const strange: readonly (readonly string[])[] = [
      ["hello", "world"],
      ["purge", "{"],
      ["purge", '{"purgeId":"x","targets":[{"kind":"url"}],"soft":false,"by":""}'],
      ["purge", '{"purgeId":"x","targets":[],"soft":false,"by":"","__proto__":{}}'],
      ["purge", JSON.stringify({ ...purgeOf("x"), op: "new" })],
      ["purge", JSON.stringify(purgeOf("x")), "more", "fields"],
      ["purge", "x".repeat(1_048_576)],
    ];
    for (const fields of strange) await server.command("XADD", LOG_KEY, `${epoch}-*`, ...fields);
    const b = await append("b");
    const entries = await collect(log, BEGINNING, upTo("b"));
    const kinds = ["barrier", "a", ...strange.map(() => "unreadable"), "barrier", "b"];
    expect(entries.map(label)).to.deep.equal(kinds);
    expect(entries.at(-1)?.position).to.deep.equal(b);
  });

  /** The time of the server, in milliseconds since 1970. */
  const serverMs = async (): Promise<number> => {
    const [seconds, micros] = [await server.command("TIME")].flat().map(Number);
    return (seconds ?? 0) * 1_000 + Math.floor((micros ?? 0) / 1_000);
  };

  const openedLongAgo = async (): Promise<void> => {
    const opened = Number(await server.command("HGET", META_KEY, "opened"));
    await server.command("HSET", META_KEY, "opened", opened - 100_000);
  };

  it("leave a foreign row of the table of edges out, and it is told of once", async () => {
    await log.heartbeat(beatOf("edge-1"));
    await server.command("HSET", EDGES_KEY, "stranger", "hello");
    expect((await log.members()).map(({ edge }) => edge)).to.deep.equal(["edge-1"]);
    await log.members();
    expect(logs.troubles.map(({ code }) => code)).to.deep.equal(["log-unreadable-edge"]);
    expect(await log.forget("stranger")).to.include({ kind: "forgotten" });
    expect(await server.command("HKEYS", EDGES_KEY)).to.deep.equal(["edge-1"]);
  });

  describe("treat the table of edges as incomplete, until a lease has passed, after the loss of", () => {
    const losses: readonly (readonly [string, Command])[] = [
      ["everything, as by DEL or eviction", ["DEL", EDGES_KEY]],
      ["one row, as by HDEL", ["HDEL", EDGES_KEY, "edge-2"]],
    ];
    for (const [what, command] of losses) {
      it(what, async () => {
        for (const edge of ["edge-1", "edge-2"]) await log.heartbeat(beatOf(edge));
        await openedLongAgo();
        expect((await log.members())[0]?.tableAgeMs).to.be.greaterThan(60_000);
        const began = await serverMs();
        await server.command(...command);
        // A part of the table is back before anybody reads it.
        await log.heartbeat(beatOf("edge-1"));
        const [member, ...others] = await log.members();
        expect([member?.edge, others]).to.deep.equal(["edge-1", []]);
        expect(member?.tableAgeMs).to.be.within(0, (await serverMs()) - began);
      });
    }

    it("no row: edges that leave one by one leave it complete", async () => {
      for (const edge of ["edge-1", "edge-2"]) await log.heartbeat(beatOf(edge));
      await openedLongAgo();
      for (const edge of ["edge-2", "edge-1"]) await log.leave(edge, `${edge}-boot`);
      await log.heartbeat(beatOf("edge-1"));
      expect((await log.members())[0]?.tableAgeMs).to.be.greaterThan(60_000);
    });
  });

  describe("after the server's clock was set back", () => {
    // The longest lease, so that it is not over before the test looks.
    const LEASE_MS = 30_000;
    const beatInTheFuture = async (edge: string): Promise<void> => {
      await log.heartbeat({ ...beatOf(edge), leaseMs: LEASE_MS });
      const cell = String(await server.command("HGET", EDGES_KEY, edge));
      await server.command("HSET", EDGES_KEY, edge, cell.replace(/^\d+/, FUTURE));
    };

    it("count a row from the future from now on, so that no purge waits for that time to come", async () => {
      await beatInTheFuture("edge-1");
      await log.members();
      const beatenAt = String(await server.command("HGET", EDGES_KEY, "edge-1")).split(" ")[0];
      expect(beatenAt).to.have.length(13).and.not.equal(FUTURE);
      expect(await log.forget("edge-1"))
        .to.have.property("leftMs")
        .that.is.within(1, LEASE_MS * 1.01 + 100);
    });

    it("let the next boot of an edge in once the lease of the former has run out from now on", async () => {
      await beatInTheFuture("edge-1");
      await log.heartbeat({ ...beatOf("edge-1"), bootId: "next" }).catch(() => undefined);
      const cell = String(await server.command("HGET", EDGES_KEY, "edge-1"));
      expect(cell.startsWith(FUTURE)).to.equal(false);
    });

    it("believe the table as of now when it was opened in the future", async () => {
      await log.heartbeat(beatOf("edge-1"));
      await server.command("HSET", META_KEY, "opened", FUTURE);
      const began = await serverMs();
      const [member] = await log.members();
      expect(member?.tableAgeMs).to.be.within(0, (await serverMs()) - began);
      expect(await server.command("HGET", META_KEY, "opened")).to.not.equal(FUTURE);
    });
  });

  it("write no row for an edge whose heartbeat may not be published", async () => {
    await log.heartbeat(beatOf("edge-1"));
    await server.command("ACL", "SETUSER", "mute", "on", ">mute", "~*", "+@all", "resetchannels");
    const mute = logs.open("mute:mute");
    const thrown = await mute.heartbeat(beatOf("edge-2")).catch((error: unknown) => error);
    expect(thrown).to.include({ code: "log-refused" });
    expect(await server.command("HKEYS", EDGES_KEY)).to.deep.equal(["edge-1"]);
    await server.command("ACL", "DELUSER", "mute");
  });

  it("believe no heartbeat to be older than the epoch, whose opening may have lost later ones", async () => {
    const began = await serverMs();
    await log.heartbeat(beatOf("edge-1"));
    const cell = String(await server.command("HGET", EDGES_KEY, "edge-1"));
    await server.command("HSET", EDGES_KEY, "edge-1", cell.replace(/^\d+/, "1000"));
    const [member] = await log.members();
    expect(member?.heartbeatAgeMs).to.be.within(0, (await serverMs()) - began);
  });

  it("name a history that no loss can bring back, and count a position under its own history only", async () => {
    const first = await log.heartbeat(beatOf("edge-1"));
    await log.heartbeat({ ...beatOf("edge-1", first.tail), runId: first.runId });
    expect((await log.members())[0]?.position).to.deep.equal(first.tail);
    const flushedAt = await serverMs();
    await server.command("FLUSHALL");
    const second = await log.heartbeat({ ...beatOf("edge-1", first.tail), runId: first.runId });
    expect(second.runId).to.not.equal(first.runId);
    const [member] = await log.members();
    expect(member?.position).to.deep.equal(BEGINNING);
    expect(member?.tableAgeMs).to.be.within(0, (await serverMs()) - flushedAt);
    await log.heartbeat({ ...beatOf("edge-1", second.tail), runId: second.runId });
    expect((await log.members())[0]?.position).to.deep.equal(second.tail);
  });

  it("move a log aside that holds an id which nobody can follow, though one that everybody can comes after it", async () => {
    await append("a");
    const [{ position } = { position: BEGINNING }] = await collect(log, BEGINNING, () => true);
    await server.command("XADD", LOG_KEY, `${position.epoch}-18446744073709551615`, "hello", "world");
    await server.command("XADD", LOG_KEY, `${position.epoch + 1}-1`, "hello", "world");
    const entries = await collect(log, position, (seen) => seen.at(-1)?.content.kind === "barrier");
    const barrier = entries.at(-1)?.position ?? BEGINNING;
    expect(barrier.epoch).to.be.greaterThan(position.epoch + 1);
    expect((await log.heartbeat(beatOf("edge-1"))).first).to.deep.equal(barrier);
    const b = await append("b");
    expect((await collect(log, barrier, upTo("b"))).at(-1)?.position).to.deep.equal(b);
  });
});
