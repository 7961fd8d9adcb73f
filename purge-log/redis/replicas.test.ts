import { expect } from "chai";
import { purgeLogContract } from "../../test/contracts/purge-log.contract.ts";
import { accepted, beatOf, collect, label, purgeOf } from "../../test/rig/purge-log-entries.ts";
import { RedisLogs } from "../../test/rig/redis-logs.ts";
import { RedisReplica } from "../../test/rig/redis-replica.ts";
import { type RedisServer, startRedisServer } from "../../test/rig/redis-server.ts";
import { until } from "../../test/rig/until.ts";
import { BEGINNING } from "../position.ts";
import { PLAIN_ACCESS } from "./redis-access.ts";

const NEEDS_ONE = { ...PLAIN_ACCESS, redisReplicas: 1 };

describe("a purge log that needs a replica", () => {
  let primary: RedisServer;
  let replica: RedisReplica;
  let logs: RedisLogs;
  beforeEach(async () => {
    primary = await startRedisServer();
    replica = await RedisReplica.start(primary);
    logs = new RedisLogs(primary.url, NEEDS_ONE);
  });
  afterEach(async () => {
    await logs.close();
    await replica.close();
    await primary.close();
  });

  it("does not accept a purge that the replica lacks, and accepts it at the same position later", async () => {
    const log = logs.open();
    const first = accepted(await log.append(purgeOf("a"), BEGINNING));
    const { replicas, awaited } = await log.server();
    expect({ replicas: replicas.length, awaited }).to.deep.equal({ replicas: 1, awaited: 1 });
    await replica.server.command("REPLICAOF", "NO", "ONE");
    expect(await log.append(purgeOf("b"), first)).to.deep.equal({
      kind: "unknown",
      reason: `${primary.url}: 0 of 1 replicas confirmed the write within 1500 ms`,
    });
    await replica.server.command("REPLICAOF", "127.0.0.1", replica.link.port);
    await replica.inSync();
    const again = accepted(await log.append(purgeOf("b"), first));
    const entries = await collect(log, first, (all) => all.length >= 1);
    expect(entries.map(label)).to.include("b");
    expect(entries.at(-1)?.position).to.deep.equal(again);
  }).timeout(20_000);

  it("does not confirm a heartbeat that the replica lacks", async () => {
    const log = logs.open();
    expect(await log.heartbeat(beatOf("edge-1"))).to.have.property("tail");
    replica.link.inflict({ kind: "black-hole", direction: "both" });
    const outcome = await log.heartbeat(beatOf("edge-1")).catch((thrown: unknown) => String(thrown));
    expect(outcome).to.contain("0 of 1 replicas confirmed the write");
    replica.link.heal();
    await until("the replica confirms again", () =>
      log.heartbeat(beatOf("edge-1")).then(
        () => true,
        () => false,
      ),
    );
  }).timeout(20_000);
});

describe("a purge log that has the replica it needs", () => {
  let primary: RedisServer;
  let replica: RedisReplica;
  before(async () => {
    primary = await startRedisServer();
    replica = await RedisReplica.start(primary);
  });
  after(async () => {
    await replica.close();
    await primary.close();
  });

  purgeLogContract("a Redis Stream with a replica", async () => {
    await primary.command("FLUSHALL");
    await replica.inSync();
    return new RedisLogs(primary.url, NEEDS_ONE);
  });
});
