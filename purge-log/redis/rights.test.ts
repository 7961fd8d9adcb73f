import { expect } from "chai";
import { Redis } from "ioredis";
import { type RedisServer, startRedisServer } from "../../test/rig/redis-server.ts";
import { missingRights, NEEDED_COMMANDS, ruleName } from "./rights.ts";

describe("the rights of a user of Redis", () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedisServer();
  });
  after(() => server.close());

  const missingWith = async (...rules: string[]) => {
    await server.command("ACL", "SETUSER", "edge", "reset", "on", ">p", ...rules);
    const client = new Redis(server.url.replace("//", "//edge:p@"), {
      lazyConnect: true,
      disableClientInfo: true,
      enableReadyCheck: false,
    });
    await client.connect();
    const missing = await missingRights(client);
    client.disconnect();
    return missing;
  };
  const ALL = ["~*", "&*", "+@all"];

  it("are complete when the user may do all", async () => {
    expect(await missingWith(...ALL)).to.deep.equal([]);
  });

  it("are missed by the names that a rule gives them", async () => {
    expect(await missingWith(...ALL, "-xadd", "-xinfo|stream", "-subscribe")).to.deep.equal([
      "xinfo|stream",
      "xadd",
      "subscribe",
    ]);
  });

  it("are missed too when a key or a channel is not allowed", async () => {
    const all = NEEDED_COMMANDS.map(ruleName);
    expect(await missingWith("~*", "&other", "+@all")).to.deep.equal(["publish", "subscribe"]);
    expect(await missingWith("~other", "&*", "+@all")).to.include.members(["xadd", "hset"]);
    expect(await missingWith("~*", "&*", "-@all", "+eval")).to.deep.equal(
      all.filter((name) => name !== "eval"),
    );
  });

  it("are not told where the user may send no script", async () => {
    expect(await missingWith("~*", "&*", "+@all", "-eval")).to.deep.equal(["eval"]);
  });
});
