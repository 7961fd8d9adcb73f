import { expect } from "chai";
import { BEGINNING, comparePositions, type Position } from "../../purge-log/position.ts";
import { MOST_TARGETS } from "../../purge-log/purge.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { EdgeProcess } from "../rig/edge-process.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { accepted } from "../rig/purge-log-entries.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { until } from "../rig/until.ts";

const CALLS = 200;

describe("an edge that wakes behind a backlog of large purges", function () {
  this.timeout(60_000);
  let origin: HttpOrigin;
  let redis: RedisServer;
  let logs: RedisLogs;
  let log: PurgeLog;
  let edge: EdgeProcess;
  let version = "old";

  before(async () => {
    redis = await startRedisServer();
    logs = new RedisLogs(redis.url);
    log = logs.open();
    const fields = [["Cache-Control", "max-age=600"]] as const;
    const page = () => ({ fields, body: version });
    origin = await HttpOrigin.start({ "/purged": page, "/kept": page });
    edge = await EdgeProcess.start({ id: "edge-1", origin: origin.url, redis: redis.url });
  });

  after(async () => {
    await edge.kill();
    await origin.stop();
    await logs.close();
    await redis.close();
  });

  const ask = (target: string) => get(`http://127.0.0.1:${edge.httpPort}`, target);
  const read = async (target: string) => (await ask(target)).text;
  const statusOf = async (target: string) => (await ask(target)).header("cache-status") ?? "";

  const targetsOf = (call: number) =>
    Array.from({ length: MOST_TARGETS }, (_, i) => {
      return { kind: "url", target: `/shop/category-${call}/product-${i}` } as const;
    });

  async function appendBacklog(): Promise<Position> {
    const how = { soft: false, by: "test" };
    for (let call = 0; call < CALLS; call += 1) {
      accepted(await log.append({ ...how, purgeId: `p${call}`, targets: targetsOf(call) }, BEGINNING));
    }
    const last = [...targetsOf(CALLS).slice(1), { kind: "url", target: "/purged" } as const];
    return accepted(await log.append({ ...how, purgeId: "last", targets: last }, BEGINNING));
  }

  it("says how far it is while it follows, applies all of it, and has a lease again", async () => {
    expect([await read("/purged"), await read("/kept")]).to.deep.equal(["old", "old"]);
    version = "new";
    await edge.stop();
    const tail = await appendBacklog();
    const told = new Set<number>();
    edge.cont();
    await until("the edge has applied the backlog", async () => {
      const [member] = await log.members();
      told.add(member?.position.seq ?? 0);
      return member !== undefined && comparePositions(member.position, tail) >= 0;
    });
    // Some of its heartbeats came from between the ends.
    expect([...told].filter((seq) => seq > 0 && seq < tail.seq)).to.not.deep.equal([]);
    expect(await read("/purged")).to.equal("new");
    await until("the edge serves from its cache again", async () => /; hit/.test(await statusOf("/kept")));
  });
});
