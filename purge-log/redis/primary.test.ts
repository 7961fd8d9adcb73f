import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { redisUrlOf } from "../../process/settings/redis-url.ts";
import { RedisSentinels } from "../../test/rig/redis-sentinels.ts";
import { type RedisServer, startRedisServer } from "../../test/rig/redis-server.ts";
import { until } from "../../test/rig/until.ts";
import { RedisConnection } from "./connection.ts";
import { Primary } from "./primary.ts";
import { PLAIN_ACCESS } from "./redis-access.ts";

describe("the primary of a log", () => {
  it("is named without its login", () => {
    const nameOf = (url: string) => new Primary(redisUrlOf(url), PLAIN_ACCESS).name;
    expect(nameOf("rediss://u:secret@[::1]/3")).to.equal("rediss://[::1]:6379");
    expect(nameOf("redis+sentinel://:secret@a,b:1/m")).to.equal("redis+sentinel://a:26379,b:1/m");
  });

  it("is where the URL says when nobody else knows it", async () => {
    const primary = new Primary(redisUrlOf("redis://h:1"), PLAIN_ACCESS);
    expect(await primary.find()).to.deep.equal({ host: "h", port: 1 });
  });

  describe("that Sentinels know", function () {
    this.timeout(60_000);
    let one: RedisServer;
    let other: RedisServer;
    let sentinels: RedisSentinels;
    before(async () => {
      one = await startRedisServer(["--repl-diskless-sync-delay", "0"]);
      other = await startRedisServer(["--replicaof", `127.0.0.1 ${one.port}`]);
      sentinels = await RedisSentinels.start(one, 1);
    });
    after(async () => {
      await sentinels.close();
      await other.close();
      await one.close();
    });

    it("takes along the connections to a former one that lives on", async () => {
      const primary = new Primary(redisUrlOf(sentinels.url), PLAIN_ACCESS);
      const connection = new RedisConnection({
        primary,
        database: 0,
        credentials: () => ({}),
        name: "edgecache-test",
        clock: systemClock,
        random: () => 0,
        silenceMs: 5_000,
        longestPauseMs: 100,
      });
      const serverOf = async () => {
        const reply = await connection.ask((client) => client.config("GET", "port"));
        return reply.kind === "reply" ? Object.values(reply.value).at(-1) : reply.kind;
      };
      expect(await serverOf()).to.equal(String(one.port));
      await until("Sentinel takes the replica for a good one", () => sentinels.failOver());
      await sentinels.untilPrimaryIs(other);
      expect(await serverOf(), "it answers as before").to.equal(String(one.port));
      await until("most Sentinels name the new one", async () => (await primary.find()).port === other.port);
      expect(await serverOf()).to.equal(String(other.port));
      connection.close();
    });
  });
});
