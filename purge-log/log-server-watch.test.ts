import { expect } from "chai";
import { createLog } from "../process/log.ts";
import { accepted, purgeOf } from "../test/rig/purge-log-entries.ts";
import { RedisLogs } from "../test/rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../test/rig/redis-server.ts";
import { LogServerWatch, refuseUnfit } from "./log-server-watch.ts";
import { BEGINNING } from "./position.ts";

describe("a program whose purge log is in Redis", () => {
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

  const evict = async (policy: string, bytes: number) => {
    await server.command("CONFIG", "SET", "maxmemory", bytes, "maxmemory-policy", policy);
  };
  const refusal = () => refuseUnfit(logs.open()).catch((thrown: unknown) => String(thrown));

  it("does not start where the log may be evicted", async () => {
    for (const policy of ["allkeys-lru", "volatile-ttl"]) {
      await evict(policy, 100_000_000);
      expect(await refusal()).to.contain(
        `--redis: maxmemory-policy is ${policy}: the server may evict the log. It must be noeviction`,
      );
    }
    await evict("allkeys-lru", 0);
    expect(await refusal()).to.equal(undefined);
    await evict("noeviction", 100_000_000);
    expect(await refusal()).to.equal(undefined);
  });

  it("starts while the server is away", async () => {
    await server.kill();
    expect(await refusal()).to.equal(undefined);
  });

  it("notices when that is set later, and when it is mended", async () => {
    const log = logs.open();
    accepted(await log.append(purgeOf("a"), BEGINNING));
    const watch = new LogServerWatch(log, createLog("test", "silent"));
    await watch.look();
    expect(watch.problems).to.equal(0);
    await evict("allkeys-random", 100_000_000);
    await watch.look();
    expect(watch.problems).to.equal(1);
    await evict("noeviction", 100_000_000);
    await watch.look();
    expect(watch.problems).to.equal(0);
  });
});
