import { expect } from "chai";
import { comparePositions, type Position, parsePosition } from "../../purge-log/position.ts";
import { LOG_KEY } from "../../purge-log/redis/keys.ts";
import { EdgeProcess } from "../rig/edge-process.ts";
import { untilStats } from "../rig/edge-state.ts";
import { freePort } from "../rig/free-port.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge, stats } from "../rig/purge.ts";
import { RedisSentinels } from "../rig/redis-sentinels.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { RouterProcess } from "../rig/router-process.ts";
import { until } from "../rig/until.ts";

const LEASE_MS = 1_000;
const PAGE = { $case: "url", url: "/page" } as const;
const EDGES = ["edge-1", "edge-2", "edge-3"];

describe("three edges whose Redis is watched by Sentinels", function () {
  this.timeout(60_000);
  let primary: RedisServer;
  let replica: RedisServer;
  let sentinels: RedisSentinels;
  let origin: HttpOrigin;
  let version: string;
  let edges: readonly EdgeProcess[];

  beforeEach(async () => {
    version = "one";
    primary = await startRedisServer(["--repl-diskless-sync-delay", "0"]);
    replica = await startRedisServer(["--replicaof", `127.0.0.1 ${primary.port}`]);
    sentinels = await RedisSentinels.start(primary, 1);
    origin = await HttpOrigin.start({
      "/page": () => ({ fields: [["Cache-Control", "max-age=600"]], body: version }),
    });
    edges = await Promise.all(
      EDGES.map((id) =>
        EdgeProcess.start({
          id,
          origin: origin.url,
          redis: sentinels.url,
          leaseMs: LEASE_MS,
          // So that a purge is accepted which the replica lacks.
          flags: ["--redis-replicas", "0"],
        }),
      ),
    );
    for (const { control } of edges) await untilStats(control, ({ state }) => state === "serving");
  });
  afterEach(async () => {
    await Promise.all(edges.map((edge) => edge.kill()));
    await origin.stop();
    await sentinels.close();
    await replica.close();
    await primary.close();
  });

  const controlOf = (index: number) => edges[index]?.control ?? "";
  const read = async ({ httpPort }: EdgeProcess) => (await get(`http://127.0.0.1:${httpPort}`, "/page")).text;
  const positionOf = async (index: number) => toPosition((await stats(controlOf(index))).position);

  it("are found by a router that asks the same Sentinels", async () => {
    const router = await RouterProcess.start(["--redis", sentinels.url]);
    await until(
      "the router forwards to an edge",
      async () => (await get(router.base, "/page")).status === 200,
    );
    await router.close();
  });

  it("serve nothing old when a purge that the old primary accepted is lost with it", async () => {
    for (const edge of edges) expect(await read(edge)).to.equal("one");
    const before = await positionOf(1);
    await replica.command("REPLICAOF", "127.0.0.1", await freePort());
    await edges[2]?.stop();
    version = "two";
    const answer = purge(controlOf(0), PAGE);
    const { position } = await untilStats(
      controlOf(1),
      (now) => comparePositions(toPosition(now.position), before) > 0,
    );
    await primary.kill();
    await sentinels.untilPrimaryIs(replica);
    expect(await replica.command("XRANGE", LOG_KEY, position, position), "it is lost").to.deep.equal([]);

    // edge-3 stood still, so nobody may say that it has applied anything.
    const { outcome, edges: receipts } = await answer;
    expect(outcome).to.be.oneOf(["applied", "pending"]);
    expect(receipts.find(({ edge }) => edge === "edge-3")?.state).to.be.oneOf(["fenced", "pending"]);
    edges[2]?.cont();
    for (const edge of edges) expect(await read(edge), edge.id).to.equal("two");

    for (const { control } of edges) {
      await untilStats(control, (now) => now.state === "serving" && isLater(now.position, position));
    }
    version = "three";
    const next = await purge(controlOf(1), PAGE);
    expect(next.edges.map(({ edge, state }) => `${edge} ${state}`)).to.deep.equal(
      EDGES.map((edge) => `${edge} applied`),
    );
    for (const edge of edges) expect(await read(edge), edge.id).to.equal("three");
  });
});

function isLater(position: string, than: string): boolean {
  return comparePositions(toPosition(position), toPosition(than)) > 0;
}

function toPosition(text: string): Position {
  const position = parsePosition(text);
  if (position === undefined) throw new Error(`not a position: ${text}`);
  return position;
}
