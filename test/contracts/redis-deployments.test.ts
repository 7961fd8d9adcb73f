import { readFileSync } from "node:fs";
import { expect } from "chai";
import { BEGINNING } from "../../purge-log/position.ts";
import { LOG_SLOT } from "../../purge-log/redis/cluster-node.ts";
import { LOG_KEY } from "../../purge-log/redis/keys.ts";
import { PLAIN_ACCESS, type RedisAccess } from "../../purge-log/redis/redis-access.ts";
import { ControlCertificates } from "../rig/control-certificates.ts";
import { freePort } from "../rig/free-port.ts";
import { accepted, beatOf, purgeOf } from "../rig/purge-log-entries.ts";
import { RedisCluster } from "../rig/redis-cluster.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import { RedisSentinels } from "../rig/redis-sentinels.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { until } from "../rig/until.ts";
import { purgeLogContract } from "./purge-log.contract.ts";

// After a failover there is no replica left.
const ALONE = { ...PLAIN_ACCESS, redisReplicas: 0 };
const page = readFileSync(new URL("../../docs/redis.md", import.meta.url), "utf8");
const SENTINEL_PASSWORD = "a-password-of-this-test";

function rulesForSentinels(): string {
  const [, rules = ""] = /A user of the Sentinels needs `([^`]*)`/.exec(page) ?? [];
  return rules;
}

describe("a purge log whose primary Sentinels know", function () {
  this.timeout(60_000);
  let primary: RedisServer;
  let replica: RedisServer;
  let sentinels: RedisSentinels;
  before(async () => {
    primary = await startRedisServer(["--repl-diskless-sync-delay", "0"]);
    replica = await startRedisServer(["--replicaof", `127.0.0.1 ${primary.port}`]);
    sentinels = await RedisSentinels.start(primary, 1, {
      lines: [`user edgecache on >${SENTINEL_PASSWORD} ${rulesForSentinels()}`],
    });
  });
  after(async () => {
    await sentinels.close();
    await replica.close();
    await primary.close();
  });

  purgeLogContract("a Redis Stream behind Sentinel", async () => {
    await primary.command("FLUSHALL");
    return new RedisLogs(sentinels.url);
  });

  describe("with a user of the Sentinels who may do no more than is documented", () => {
    const heartbeatWith = async (login: string) => {
      const folder = await ControlCertificates.make();
      const redisSentinelLoginFile = folder.file("login", login);
      const logs = new RedisLogs(sentinels.url, { ...PLAIN_ACCESS, redisSentinelLoginFile });
      const outcome = await logs
        .open()
        .heartbeat(beatOf("edge-1"))
        .catch((thrown: unknown) => String(thrown));
      await logs.close();
      folder.remove();
      return outcome;
    };

    it("finds the primary by the login of the file", async () => {
      expect(await heartbeatWith(`edgecache:${SENTINEL_PASSWORD}\n`)).to.have.property("tail");
      expect(await heartbeatWith("edgecache:wrong")).to.contain("WRONGPASS");
    });
  });

  // In a suite of its own: Mocha runs the tests of a suite before the suites in it.
  describe("after a failover", () => {
    it("goes on at the replica that they promote", async () => {
      const logs = new RedisLogs(sentinels.url, ALONE);
      const log = logs.open();
      const before = accepted(await log.append(purgeOf("a"), BEGINNING));
      await primary.kill();
      await sentinels.untilPrimaryIs(replica);
      let after = before;
      await until("a purge is accepted at the new primary", async () => {
        const outcome = await log.append(purgeOf("b"), before);
        if (outcome.kind === "accepted") after = outcome.position;
        return outcome.kind === "accepted";
      });
      expect(after.epoch, "history may have been lost").to.be.greaterThan(before.epoch);
      await logs.close();
    });
  });
});

describe("a purge log in a Cluster", function () {
  this.timeout(60_000);
  let cluster: RedisCluster;
  before(async () => {
    cluster = await RedisCluster.start(LOG_SLOT);
  });
  after(() => cluster.close());

  purgeLogContract("a Redis Stream in a Cluster", async () => {
    await cluster.owner.command("FLUSHALL");
    return new RedisLogs(cluster.url);
  });

  it("is followed with the documented rights", async () => {
    const [, rules = ""] = /^user edgecache on >CHANGE-ME (.*)$/m.exec(page) ?? [];
    const [, more = ""] = /In a Cluster add `([^`]*)`/.exec(page) ?? [];
    for (const server of cluster.servers)
      await server.command("ACL", "SETUSER", "edgecache", "on", ">secret", ...rules.split(" "), more);
    const logs = new RedisLogs(cluster.url.replace("//", "//edgecache:secret@"));
    expect(await logs.open().heartbeat(beatOf("edge-1"))).to.have.property("tail");
    await logs.close();
  });

  it("is in the slot that Redis computes", async () => {
    expect(await cluster.owner.command("CLUSTER", "KEYSLOT", LOG_KEY)).to.equal(LOG_SLOT);
  });

  describe("after a failover", () => {
    it("goes on at the replica that takes the slot", async () => {
      const logs = new RedisLogs(cluster.url, ALONE);
      const log = logs.open();
      const before = accepted(await log.append(purgeOf("a"), BEGINNING));
      await cluster.owner.kill();
      let after = before;
      await until("a purge is accepted by the new owner", async () => {
        const outcome = await log.append(purgeOf("b"), before);
        if (outcome.kind === "accepted") after = outcome.position;
        return outcome.kind === "accepted";
      });
      expect(after.epoch, "history may have been lost").to.be.greaterThan(before.epoch);
      await logs.close();
    });
  });
});

describe("a purge log behind TLS", function () {
  this.timeout(30_000);
  let certificates: ControlCertificates;
  let server: RedisServer | undefined;
  let url: string;
  let access: RedisAccess;
  before(async function () {
    certificates = await ControlCertificates.make();
    const own = await certificates.server("redis");
    const edge = await certificates.client("edge");
    const port = await freePort();
    url = `rediss://127.0.0.1:${port}`;
    access = { ...PLAIN_ACCESS, redisCa: certificates.ca, redisCert: edge.cert, redisKey: edge.key };
    const started = await startRedisServer([
      ...["--tls-port", String(port), "--tls-cert-file", own.cert, "--tls-key-file", own.key],
      ...["--tls-ca-cert-file", certificates.ca],
    ]).catch((thrown: unknown) => String(thrown));
    if (typeof started === "string" && started.includes("TLS")) {
      // Some builds of Redis and Valkey have no TLS. The build of Debian has.
      process.stderr.write(`no test of TLS: ${started}\n`);
      this.skip();
    }
    if (typeof started === "string") throw new Error(started);
    server = started;
  });
  after(async () => {
    await server?.close();
    certificates.remove();
  });

  purgeLogContract("a Redis Stream behind TLS", async () => {
    await server?.command("FLUSHALL");
    return new RedisLogs(url, access);
  });

  const refusal = async (given: Partial<RedisAccess>, at = url) => {
    const logs = new RedisLogs(at, { ...access, ...given });
    const outcome = await logs
      .open()
      .heartbeat(beatOf("edge-1"))
      .catch((thrown: unknown) => thrown);
    await logs.close();
    return String(outcome);
  };

  it("is not used without a certificate, with another CA, or where the certificate names another host", async () => {
    expect(await refusal({ redisCert: undefined, redisKey: undefined })).to.match(/heartbeat of edge-1/);
    expect(await refusal({ redisCa: undefined })).to.match(/self-signed|unable to/);
    const elsewhere = url.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    expect(await refusal({}, elsewhere)).to.match(/IP: .* is not in the cert's list/);
  });

  it("tells how long the certificate of the server is valid", async () => {
    const logs = new RedisLogs(url, access);
    const { certificateDaysLeft, isPrivate } = await logs.open().server();
    // The rig makes certificates of 20 days.
    expect(certificateDaysLeft).to.be.within(19, 20);
    expect(isPrivate).to.equal(true);
    await logs.close();
  });

  it("tells which file it cannot read", async () => {
    expect(await refusal({ redisCa: "/nowhere.pem" })).to.contain("--redis-ca: /nowhere.pem cannot be read");
  });
});
