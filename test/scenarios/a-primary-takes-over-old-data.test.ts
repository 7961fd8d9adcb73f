import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { BEGINNING, comparePositions, type Position } from "../../purge-log/position.ts";
import type { Heartbeat } from "../../purge-log/purge-log.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import { RedisReplica } from "../rig/redis-replica.ts";
import { startRedisServer } from "../rig/redis-server.ts";

const PURGE = {
  purgeId: "lost",
  targets: [{ kind: "url", target: "/page" }],
  soft: false,
  by: "the test",
} as const;

function beatAt(position: Position, runId: string): Heartbeat {
  const addresses = { grpcAddress: "127.0.0.1:1", httpAddress: "127.0.0.1:2" };
  return {
    edge: "edge-3",
    bootId: "boot",
    ...addresses,
    position,
    runId,
    leaseMs: 2_000,
    sites: "",
    staleWhenLapsed: false,
    applied: [],
  };
}

describe("a primary that has copied the data of its former replica, and is a primary again", function () {
  this.timeout(60_000);

  it("opens a new epoch, because a purge that it had accepted may be missing", async () => {
    const primary = await startRedisServer();
    const logs = new RedisLogs(primary.url);
    const [taker, other] = [logs.open(), logs.open()];
    const replica = await RedisReplica.start(primary);
    try {
      const opened = await other.heartbeat(beatAt(BEGINNING, ""));
      await replica.inSync();
      replica.link.inflict({ kind: "black-hole", direction: "both" });
      expect(await taker.append(PURGE, opened.tail)).to.include({ kind: "accepted" });

      await replica.promote();
      await primary.command("REPLICAOF", "127.0.0.1", replica.server.port);
      while (!String(await primary.command("INFO", "replication")).includes("master_link_status:up")) {
        await delay(10);
      }
      await primary.command("REPLICAOF", "NO", "ONE");

      const after = await other.heartbeat(beatAt(opened.tail, opened.runId));
      expect(after.runId).not.to.equal(opened.runId);
      expect(comparePositions(after.tail, opened.tail)).to.be.above(0);
    } finally {
      await logs.close();
      await replica.close();
      await primary.close();
    }
  });
});
