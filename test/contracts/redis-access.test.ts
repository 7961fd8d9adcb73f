import { readFileSync } from "node:fs";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { BEGINNING } from "../../purge-log/position.ts";
import { LOG_KEY } from "../../purge-log/redis/keys.ts";
import { PLAIN_ACCESS } from "../../purge-log/redis/redis-access.ts";
import { RedisPurgeLog } from "../../purge-log/redis/redis-purge-log.ts";
import { NEEDED_COMMANDS, ruleName } from "../../purge-log/redis/rights.ts";
import { readComposeFile } from "../rig/compose-file.ts";
import { accepted, collect, label, purgeOf } from "../rig/purge-log-entries.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { until } from "../rig/until.ts";
import { purgeLogContract } from "./purge-log.contract.ts";

const PASSWORD = "a-password-of-this-test";
const page = readFileSync(new URL("../../docs/redis.md", import.meta.url), "utf8");

/** The rules after the password in the line of docs/redis.md. */
function documentedRules(): readonly string[] {
  const [, rules = ""] = /^user edgecache on >CHANGE-ME (.*)$/m.exec(page) ?? [];
  return rules.split(" ");
}

describe("the documented access rules of Redis", () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedisServer();
    await server.command("ACL", "SETUSER", "edgecache", "on", `>${PASSWORD}`, ...documentedRules());
  });
  after(() => server.close());

  const openLogs = async () => {
    await server.command("FLUSHALL");
    return new RedisLogs(server.url.replace("//", `//edgecache:${PASSWORD}@`));
  };
  purgeLogContract("a Redis Stream under these rules", openLogs);

  it("let the log be opened again in the place of one that cannot be continued", async () => {
    const logs = await openLogs();
    const log = logs.open();
    accepted(await log.append(purgeOf("a"), BEGINNING));
    await server.command("DEL", LOG_KEY);
    await server.command("XADD", LOG_KEY, "18446744073709551615-1", "not", "ours");
    accepted(await log.append(purgeOf("b"), BEGINNING));
    const entries = await collect(log, BEGINNING, (all) => all.length >= 2);
    expect(entries.map(label)).to.deep.equal(["barrier", "b"]);
    await logs.close();
  });

  it("let a taker go on listening", async () => {
    await server.command("ACL", "LOG", "RESET");
    await server.command("CONFIG", "RESETSTAT");
    const log = new RedisPurgeLog({
      url: server.url.replace("//", `//edgecache:${PASSWORD}@`),
      access: PLAIN_ACCESS,
      // It looks every few seconds whether its subscription is alive.
      clock: { ...systemClock, wait: (ms, signal) => systemClock.wait(ms / 1_000, signal) },
      random: Math.random,
      onTrouble: () => undefined,
      onRecovered: () => undefined,
    });
    log.onConfirmation("edge-1", () => undefined);
    const looks = async () => {
      const stats = String(await server.command("INFO", "commandstats"));
      return Number(/cmdstat_subscribe:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await until("it has looked twice", async () => (await looks()) >= 3);
    expect(await server.command("ACL", "LOG")).to.deep.equal([]);
    await log.close();
  });

  it("refuse every key that is not ours", async () => {
    expect(await server.command("ACL", "DRYRUN", "edgecache", "GET", "other")).to.match(/no permissions/);
    expect(await server.command("ACL", "DRYRUN", "edgecache", "GET", LOG_KEY)).to.equal("OK");
  });

  it("refuse what no part of edgeCache needs", async () => {
    for (const command of ["FLUSHALL", "CONFIG GET *", "KEYS *", "SHUTDOWN", "ACL LIST", "MONITOR"]) {
      const answer = await server.command("ACL", "DRYRUN", "edgecache", ...command.split(" "));
      expect(answer, command).to.match(/no permissions/);
    }
  });

  it("are the rights that doctor looks for, and no others", async () => {
    expect(documentedRules().filter((rule) => rule.startsWith("+"))).to.have.members(
      NEEDED_COMMANDS.map((command) => `+${ruleName(command)}`),
    );
    const logs = await openLogs();
    expect(await logs.open().server()).to.deep.include({ missingRights: [] });
    await logs.close();
  });

  it("are those of docker-compose.yml", () => {
    const services = readComposeFile({ EDGECACHE_TOKEN: "token", REDIS_PASSWORD: PASSWORD });
    const command = services.get("redis")?.command.join(" ");
    expect(command).to.contain(`--user edgecache on >${PASSWORD} ${documentedRules().join(" ")}`);
  });
});
