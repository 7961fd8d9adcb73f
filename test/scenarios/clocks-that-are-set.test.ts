import { expect } from "chai";
import { type ClockShim, ClockShims } from "../rig/clock-shim.ts";
import { EdgeProcess } from "../rig/edge-process.ts";
import { FaultProxy } from "../rig/fault-proxy.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { until } from "../rig/until.ts";

const LEASE_MS = 1_000;
const PAGE = { $case: "url", url: "/page" } as const;

describe("two edges, of which one is cut off from Redis while a clock goes wrong", function () {
  this.timeout(60_000);
  let shims: ClockShims;
  let redis: RedisServer;
  let redisClock: ClockShim;
  let clock: ClockShim;
  let link: FaultProxy;
  let origin: HttpOrigin;
  let version: string;
  let near: EdgeProcess;
  let cutOff: EdgeProcess;

  before(async function () {
    const made = await ClockShims.make();
    // There is no C compiler here, or another system than Linux.
    if (made === undefined) this.skip();
    else shims = made;
  });

  beforeEach(async () => {
    version = "one";
    [redisClock, clock] = [shims.shim(), shims.shim()];
    redis = await startRedisServer([], redisClock.env);
    link = await FaultProxy.start(redis.port);
    origin = await HttpOrigin.start({
      "/page": () => ({ fields: [["Cache-Control", "max-age=600"]], body: version }),
      "/brief": () => ({ fields: [["Cache-Control", "max-age=2"]], body: version }),
    });
    const [common, port] = [{ origin: origin.url, leaseMs: LEASE_MS }, link.port];
    near = await EdgeProcess.start({ ...common, id: "near", redis: redis.url });
    const behindLink = { id: "cut-off", redis: `redis://127.0.0.1:${port}`, env: clock.env };
    cutOff = await EdgeProcess.start({ ...common, ...behindLink });
    await read();
    const kept = await read();
    expect([kept.text, kept.header("x-cache")]).to.deep.equal(["one", "HIT"]);
  });

  afterEach(async () => {
    await Promise.all([near.kill(), cutOff.kill()]);
    await link.close();
    await origin.stop();
    await redis.close();
  });

  after(() => shims?.close());

  const read = (path = "/page") => get(`http://127.0.0.1:${cutOff.httpPort}`, path);

  it("serve nothing old once a purge is proven, though the machine was suspended while its lease ran out", async () => {
    link.inflict({ kind: "black-hole", direction: "both" });
    await cutOff.stop();
    const stoodSince = performance.now();
    version = "two";
    const { outcome, edges } = await purge(near.control, PAGE);
    expect([outcome, edges.map(({ edge, state }) => `${edge} ${state}`)]).to.deep.equal([
      "applied",
      ["cut-off fenced", "near applied"],
    ]);
    // Its monotonic clock did not count that time; 1 ms less, so that it never goes backwards.
    clock.holdBack(performance.now() - stoodSince - 1);
    cutOff.cont();
    expect((await read()).text).to.equal("two");
  });

  it("serve nothing old once a purge is proven, though the clock of Redis was set forward a moment before", async () => {
    link.inflict({ kind: "black-hole", direction: "both" });
    redisClock.setWall(10_000);
    version = "two";
    const { outcome } = await purge(near.control, PAGE);
    expect(outcome).to.equal("applied");
    expect((await read()).text).to.equal("two");
  });

  it("keep nothing past its life, though the wall clock of an edge was set back by an hour", async () => {
    expect((await read("/brief")).text).to.equal("one");
    clock.setWall(-3_600_000);
    // A span in which the clock was set back cannot be measured, so the lease has to be renewed first.
    const isHit = async (path: string) => (await read(path)).header("x-cache") === "HIT";
    await until("the lease is renewed", () => isHit("/page"));
    version = "two";
    await until("what was stored has come to its end", async () => (await read("/brief")).text === "two");
    await until("what came after it is used again", () => isHit("/brief"));
  });
});
