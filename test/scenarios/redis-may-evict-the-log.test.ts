import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { startRedisServer } from "../rig/redis-server.ts";

describe("an edge whose Redis may evict the log", () => {
  it("does not start, and says which setting must be another", async () => {
    const redis = await startRedisServer(["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    const outcome = await EdgeProcess.start({ id: "edge-1", origin: "assets", redis: redis.url }).catch(
      (thrown: unknown) => String(thrown),
    );
    expect(outcome).to.contain(
      "edge: --redis: maxmemory-policy is allkeys-lru: the server may evict the log. It must be noeviction",
    );
    await redis.close();
  }).timeout(20_000);
});
