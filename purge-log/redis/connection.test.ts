import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { redisUrlOf } from "../../process/settings/redis-url.ts";
import { type RedisServer, startRedisServer } from "../../test/rig/redis-server.ts";
import { RedisConnection } from "./connection.ts";
import { Primary } from "./primary.ts";
import { PLAIN_ACCESS } from "./redis-access.ts";

describe("a connection to Redis", () => {
  let server: RedisServer;
  let connection: RedisConnection;
  beforeEach(async () => {
    server = await startRedisServer();
    connection = new RedisConnection({
      primary: new Primary(redisUrlOf(server.url), PLAIN_ACCESS),
      database: 0,
      credentials: () => ({}),
      name: "edgecache-test",
      clock: systemClock,
      random: () => 0,
      silenceMs: 5000,
      longestPauseMs: 100,
    });
  });
  afterEach(async () => {
    connection.close();
    await server.close();
  });

  const set = (within?: number) => connection.ask((client) => client.set("key", "value"), within);
  const get = () => connection.ask((client) => client.get("key"));

  it("is made when it is first needed, and stays", async () => {
    expect(await set()).to.deep.equal({ kind: "reply", value: "OK" });
    expect(await get()).to.deep.equal({ kind: "reply", value: "value" });
    const clients = String(await server.command("CLIENT", "LIST"));
    expect(clients.match(/name=edgecache-test/g)).to.have.length(1);
  });

  it("refuses with the server's own words, and works at the next command", async () => {
    const refused = await connection.ask((client) =>
      client.lpop("key").then(() => client.incrby("key", "x")),
    );
    expect(refused.kind).to.equal("refused");
    expect(refused).to.have.property("reason").that.contains("ERR value is not an integer");
    expect((await set()).kind).to.equal("reply");
  });

  it("is unanswered at the deadline when the command was sent, and is made anew after that", async () => {
    await set();
    server.stop();
    expect((await set(100)).kind).to.equal("unanswered");
    server.cont();
    expect(await get()).to.deep.equal({ kind: "reply", value: "value" });
  });

  it("is unreachable at the deadline when it was still connecting, and never sends that command", async () => {
    server.stop();
    expect((await set(100)).kind).to.equal("unreachable");
    server.cont();
    expect(await get()).to.deep.equal({ kind: "reply", value: null });
  });

  it("is unreachable when nobody listens, and tells which server", async () => {
    await server.kill();
    const reply = await set();
    expect(reply.kind).to.equal("unreachable");
    expect(reply)
      .to.have.property("reason")
      .that.contains(`127.0.0.1:${server.port}`)
      .and.contains("ECONNREFUSED");
  });

  it("does not stay where the primary no longer is, even if it has moved while we connected", async () => {
    const elsewhere = await startRedisServer();
    const now = { host: "127.0.0.1", port: elsewhere.port };
    const found = [{ ...now, port: server.port }];
    const moving = new RedisConnection({
      primary: {
        name: "two servers",
        find: async () => found.shift() ?? now,
        isAt: ({ port }) => port === elsewhere.port,
        onMoved: () => () => undefined,
      },
      database: 0,
      credentials: () => ({}),
      name: "edgecache-test",
      clock: systemClock,
      random: () => 0,
      silenceMs: 5000,
      longestPauseMs: 100,
    });
    const port = () => moving.ask(async (client) => client.options.port);
    expect(await port())
      .to.have.property("reason")
      .that.contains("the primary has moved");
    expect(await port()).to.deep.equal({ kind: "reply", value: elsewhere.port });
    moving.close();
    await elsewhere.close();
  });

  it("ends what is on its way when it is closed", async () => {
    await set();
    server.stop();
    const waiting = set();
    // The command goes out in a later turn than this one.
    await Promise.resolve();
    connection.close();
    expect((await waiting).kind).to.be.oneOf(["unanswered", "unreachable"]);
    expect((await get()).kind).to.equal("unreachable");
  });
});
