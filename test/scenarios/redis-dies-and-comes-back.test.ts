import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { untilStats } from "../rig/edge-state.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { ReflectionClient } from "../rig/reflection-client.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("two edges on one Redis", () => {
  let redis: RedisServer;
  let origin: HttpOrigin;
  let version: string;
  const logs: PurgeLog[] = [];
  const edges: TestEdge[] = [];

  beforeEach(async () => {
    version = "one";
    redis = await startRedisServer();
    origin = await HttpOrigin.start();
    origin.answer("/page", (request) => {
      const fields: [string, string][] = [
        ["Cache-Control", "max-age=600"],
        ["ETag", `"${version}"`],
      ];
      return request.header("if-none-match") === `"${version}"`
        ? { status: 304, fields }
        : { fields, body: version };
    });
    for (const id of ["edge-1", "edge-2"]) {
      const log = openPurgeLog(redis.url, systemClock, createLog("test", "silent"));
      logs.push(log);
      edges.push(await startTestEdge(origin.url, { id, purgeLog: log, lease: 1_000 }));
    }
  });

  afterEach(async () => {
    await Promise.all(edges.splice(0).map((edge) => edge.stop()));
    await Promise.all(logs.splice(0).map((log) => log.close()));
    await origin.stop();
    await redis.close();
  });

  const pages = () => Promise.all(edges.map((edge) => get(edge.url, "/page")));
  const outcomes = async () => (await pages()).map((page) => `${page.header("x-cache")} ${page.text}`);
  const all = (wanted: "serving" | "lapsed") =>
    Promise.all(edges.map((edge) => untilStats(edge.control, ({ state }) => state === wanted)));
  const control = (): string => edges[0]?.control ?? "";

  it("tell an operator what they last knew, and why, while Redis accepts connections and answers nothing", async () => {
    const cli = (...argv: string[]) => runAdminCli([...argv, "--json", "--edge", control()]);
    const names = async () =>
      JSON.parse((await cli("edges")).stdout).edges.map((row: { edge: string }) => row.edge);
    expect(await names()).to.deep.equal(["edge-1", "edge-2"]);
    redis.stop();
    const edgesNow = await cli("edges");
    const purges = await cli("purges");
    const forgetting = await cli("edges", "forget", "edge-2");
    redis.cont();
    expect(JSON.parse(edgesNow.stdout).edges).to.have.length(2);
    expect(edgesNow.stderr).to.match(
      /^admin-cli: edge-1: the heartbeat table cannot be read: .* has not answered in 1000 ms; /,
    );
    expect([edgesNow.code, purges.code, purges.stderr]).to.deep.equal([0, 0, ""]);
    expect(forgetting.code).to.equal(1);
    expect(forgetting.stdout).to.match(/reading the table of edges: .*2000 ?ms/);
  });

  it("both confirm a purge that one of them took", async () => {
    await pages();
    version = "two";
    const proof = await purge(control(), { $case: "url", url: "/page" });
    expect(proof.outcome).to.equal("applied");
    expect(proof.edges.map(({ edge, state, objects }) => [edge, state, objects])).to.deep.equal([
      ["edge-1", "applied", 1],
      ["edge-2", "applied", 1],
    ]);
    expect(await outcomes()).to.deep.equal(["MISS two", "MISS two"]);
  });

  it("serve nothing unvalidated once their lease has run out, and hit again when Redis is back", async () => {
    await pages();
    await redis.kill();
    await all("lapsed");
    expect(await outcomes()).to.deep.equal(["REVALIDATED one", "REVALIDATED one"]);
    const health = new ReflectionClient(control(), "v1");
    // It may be told a moment after the edge knows it; a watch that is never told times this test out.
    for await (const { status } of health.stream("grpc.health.v1.Health", "Watch", { service: "" })) {
      if (status === "NOT_SERVING") break;
    }
    health.close();
    const readiness = await get(edges[0]?.operator ?? "", "/readyz");
    expect([readiness.status, readiness.text]).to.deep.equal([
      503,
      '{"ready":false,"reasons":["lapsed: the purge log has not confirmed its tail"]}',
    ]);
    expect((await purge(control(), { $case: "url", url: "/page" })).outcome).to.be.oneOf([
      "rejected",
      "unknown",
    ]);
    await redis.restart("with its data");
    await all("serving");
    await pages();
    expect(await outcomes()).to.deep.equal(["HIT one", "HIT one"]);
    version = "two";
    expect((await purge(control(), { $case: "url", url: "/page" })).outcome).to.equal("applied");
    expect(await outcomes()).to.deep.equal(["MISS two", "MISS two"]);
  });

  it("trust nothing that they stored before Redis came back without its data", async () => {
    await pages();
    const before = await Promise.all(edges.map(({ control: at }) => stats(at)));
    version = "two";
    await redis.restart("without data");
    await Promise.all(
      edges.map((edge, index) =>
        untilStats(edge.control, ({ state, position }) => {
          return state === "serving" && position !== before[index]?.position;
        }),
      ),
    );
    expect(await outcomes()).to.deep.equal(["MISS two", "MISS two"]);
  });
});
