import { expect } from "chai";
import { SAFE_RULES, type SiteRules } from "../../edge/rules/site-rules.ts";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { stats } from "../rig/purge.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

type Invalidation = SiteRules["invalidation"];

const FLOOD = 300;
const APART_MS = 250;

describe("an invalidation by a request, on two edges and one Redis", function () {
  this.timeout(20_000);
  let redis: RedisServer;
  let origin: HttpOrigin;
  let version: number;
  const logs: PurgeLog[] = [];
  const edges: TestEdge[] = [];

  before(async () => {
    redis = await startRedisServer();
    version = 0;
    origin = await HttpOrigin.start();
    origin.answer("/page", ({ method }) => {
      if (method === "POST") {
        version += 1;
        return { status: 204, fields: [["Cache-Group-Invalidation", '"shop"']] };
      }
      return { fields: [["Cache-Control", "max-age=600"]], body: `${version}` };
    });
    origin.answer("/list", {
      fields: [
        ["Cache-Control", "max-age=600"],
        ["Cache-Groups", '"shop"'],
      ],
      body: "list",
    });
  });

  afterEach(async () => {
    await Promise.all(edges.splice(0).map((edge) => edge.stop()));
    await Promise.all(logs.splice(0).map((log) => log.close()));
  });

  after(async () => {
    await origin.stop();
    await redis.close();
  });

  const start = async (invalidation: Invalidation, groupInvalidation: Invalidation) => {
    const rules = { ...SAFE_RULES, invalidation, groupInvalidation };
    for (const id of ["edge-1", "edge-2"]) {
      const purgeLog = openPurgeLog(redis.url, systemClock, createLog("test", "silent"));
      logs.push(purgeLog);
      edges.push(await startTestEdge(origin.url, { id, purgeLog, rules }));
    }
    const [first, second] = edges;
    if (first === undefined || second === undefined) throw new Error("two edges were started");
    for (const edge of edges) for (const target of ["/page", "/list"]) await get(edge.url, target);
    return [first, second] as const;
  };

  const post = (edge: TestEdge, target = "/page") => get(edge.url, target, { method: "POST", body: "x" });
  const caches = async (target: string) => {
    const replies = await Promise.all(edges.map((edge) => get(edge.url, target)));
    return replies.map((reply) => reply.header("x-cache"));
  };
  const counted = async (edge: TestEdge, name: string) => {
    const { text } = await get(edge.operator, "/metrics");
    return Number(new RegExp(`^edgecache_edge_${name}_total\\{.*\\} (\\d+)$`, "m").exec(text)?.[1]);
  };

  it("holds at the edge that took the request, and nowhere else, by default", async () => {
    const [first, second] = await start("obey", "obey");
    const { purges } = await stats(second.control);
    await post(first);
    expect(await caches("/page")).to.deep.equal(["MISS", "HIT"]);
    expect(await caches("/list")).to.deep.equal(["MISS", "HIT"]);
    expect((await stats(second.control)).purges).to.equal(purges);
  });

  it("holds nowhere where the site ignores it", async () => {
    const [first] = await start("ignore", "ignore");
    await post(first);
    expect(await caches("/page")).to.deep.equal(["HIT", "HIT"]);
    expect(await caches("/list")).to.deep.equal(["HIT", "HIT"]);
  });

  it("holds at every edge where the site broadcasts it, and is a purge in the history", async () => {
    const [first, second] = await start("broadcast", "ignore");
    const { purges } = await stats(second.control);
    await post(first);
    await until("edge-2 has applied it", async () => (await stats(second.control)).purges > purges);
    expect((await get(second.url, "/page")).text).to.equal(`${version}`);
    expect((await caches("/list"))[1]).to.equal("HIT");
    const { stdout } = await runAdminCli(["purges", "--edge", second.control]);
    expect(stdout).to.match(/\/page .*invalidation via edge-1 +invalidation-[0-9a-f-]{36}/);
  });

  it("takes the groups to every edge where the site broadcasts those", async () => {
    const [first, second] = await start("obey", "broadcast");
    const { purges } = await stats(second.control);
    await post(first);
    await until("edge-2 has applied it", async () => (await stats(second.control)).purges > purges);
    expect((await caches("/list"))[1]).to.equal("MISS");
    expect((await caches("/page"))[1]).to.equal("HIT");
  });

  it("costs Redis four entries a second, however many clients send", async () => {
    const [first, second] = await start("broadcast", "ignore");
    const { purges } = await stats(second.control);
    const began = performance.now();
    for (let n = 0; n < FLOOD; n += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => post(first, `/page?${n + i}`)));
    }
    await until("all have gone", async () => (await counted(first, "broadcasts")) === FLOOD);
    const most = Math.ceil((performance.now() - began) / APART_MS) + 1;
    const entries = (await stats(second.control)).purges - purges;
    expect(entries).to.be.within(1, most);
    expect(await counted(first, "broadcasts_dropped")).to.equal(0);
  });

  it("holds at the edge that took it while Redis is away, and at the other one when Redis is back", async () => {
    const [first, second] = await start("broadcast", "ignore");
    await redis.kill();
    await post(first);
    expect((await get(first.url, "/page")).text).to.equal(`${version}`);
    expect(await counted(first, "broadcasts")).to.equal(0);
    await redis.restart("with its data");
    await until("it has gone", async () => (await counted(first, "broadcasts")) === 1);
    await until("edge-2 is anew", async () => (await get(second.url, "/page")).text === `${version}`);
  });
});
