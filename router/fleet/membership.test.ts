import { expect } from "chai";
import type { Heartbeat } from "../../purge-log/purge-log.ts";
import { get } from "../../test/rig/http-client.ts";
import { RedisLogs } from "../../test/rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../../test/rig/redis-server.ts";
import { RoutedEdge } from "../../test/rig/routed-edge.ts";
import { startTestRouter, type TestRouter } from "../../test/rig/test-router.ts";

describe("the edges found in Redis", () => {
  const edges: RoutedEdge[] = [];
  let redis: RedisServer;
  let logs: RedisLogs;
  let router: TestRouter;

  beforeEach(async () => {
    redis = await startRedisServer();
    logs = new RedisLogs(redis.url);
  });

  afterEach(async () => {
    await router.running.stop();
    await logs.close();
    await redis.close();
    while (edges.length > 0) await edges.pop()?.stop();
  });

  async function joined(id: string, changes: Partial<Heartbeat> = {}): Promise<RoutedEdge> {
    const edge = await RoutedEdge.start(id);
    edges.push(edge);
    await logs.open().heartbeat({
      edge: id,
      bootId: `boot-of-${id}`,
      grpcAddress: edge.grpcAddress,
      httpAddress: edge.httpAddress,
      position: { epoch: 1, seq: 0 },
      runId: "",
      leaseMs: 2000,
      sites: "",
      staleWhenLapsed: false,
      applied: [],
      ...changes,
    });
    return edge;
  }

  async function start(): Promise<void> {
    const edgeSource = { kind: "discovered", redis: redis.url } as const;
    router = await startTestRouter([], { edges: edgeSource }, { purgeLog: logs.open() });
  }

  async function untilServing(id: string): Promise<void> {
    for (;;) {
      const rows: { edge: string; state: string }[] = JSON.parse(
        (await get(router.admin, "/edges.json")).text,
      );
      if (rows.some(({ edge, state }) => edge === id && state === "serving")) return;
    }
  }

  it("are in traffic from the first request on", async () => {
    await joined("edge-1");
    await start();
    expect((await get(router.base, "/")).text).to.equal("edge-1");
  });

  it("get traffic without a restart of the router when they join later", async () => {
    await start();
    expect((await get(router.base, "/")).status).to.equal(503);
    await joined("edge-1");
    await untilServing("edge-1");
    expect((await get(router.base, "/")).text).to.equal("edge-1");
  });

  it("are reached at the addresses that their heartbeats tell, not their Ping replies", async () => {
    const edge = await joined("edge-1");
    edge.does.ping = { host: "192.0.2.1", httpPort: 1 };
    await start();
    expect((await get(router.base, "/")).text).to.equal("edge-1");
  });

  it("stay when Redis goes, which is logged once, and when it comes back", async () => {
    await joined("edge-1");
    await start();
    await redis.kill();
    await router.logged("heartbeat table unreadable; known edges stay");
    expect((await get(router.base, "/")).text).to.equal("edge-1");
    await redis.restart("with its data");
    await router.logged("heartbeat table readable again");
    expect(
      router.log.filter(({ msg }) => String(msg).startsWith("heartbeat table unreadable")),
    ).to.have.length(1);
    expect((await get(router.base, "/")).text).to.equal("edge-1");
  });

  it("leave when the table no longer names them", async () => {
    await joined("edge-1");
    await start();
    const pings = async () => (await get(router.admin, "/metrics")).text.match(/edge_ping_seconds_count.*/g);
    expect((await pings())?.join()).to.match(/^edge_ping_seconds_count\{edge="edge-1"\} \d+$/);
    await logs.open().leave("edge-1", "boot-of-edge-1");
    await router.logged("edge left");
    expect((await get(router.base, "/")).status).to.equal(503);
    expect(await pings()).to.equal(null);
  });

  it("are ignored when their addresses are malformed", async () => {
    await joined("edge-1");
    await joined("edge-2", { httpAddress: "nowhere" });
    await start();
    expect((await router.logged("edge ignored: malformed addresses")).edge).to.equal("edge-2");
    expect((await get(router.base, "/")).text).to.equal("edge-1");
  });

  it("start without Redis, and are found when it comes", async () => {
    await joined("edge-1");
    await redis.kill();
    await start();
    expect((await get(router.base, "/")).status).to.equal(503);
    await redis.restart("with its data");
    await untilServing("edge-1");
  }).timeout(15_000);
});
