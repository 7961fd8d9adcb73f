import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { openPurgeLog } from "../../purge-log/open-purge-log.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge } from "../rig/test-edge.ts";

describe("admin-cli while Redis hangs", function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let purgeLog: PurgeLog;
  let origin: HttpOrigin;
  let edge: Awaited<ReturnType<typeof startTestEdge>>;

  beforeEach(async () => {
    redis = await startRedisServer();
    purgeLog = openPurgeLog(redis.url, systemClock, createLog("test", "silent"));
    origin = await HttpOrigin.start({});
    edge = await startTestEdge(origin.url, { id: "edge-1", purgeLog });
    // From here on the edge knows who is in the fleet.
    await cli("edges");
    redis.stop();
  });
  afterEach(async () => {
    redis.cont();
    await edge.stop();
    await purgeLog.close();
    await redis.close();
    await origin.stop();
  });

  const cli = (...argv: string[]) => runAdminCli([...argv, "--edge", edge.control]);

  it("lists the edges that were last known, and says so", async () => {
    const { code, stdout, stderr } = await cli("edges", "--json");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout).edges.map((row: { edge: string }) => row.edge)).to.deep.equal(["edge-1"]);
    expect(stderr).to.match(/^admin-cli: edge-1: the heartbeat table cannot be read: .* last knew of\n$/);
  });

  it("drains and undrains an edge", async () => {
    expect((await cli("edges", "drain", "edge-1")).stdout).to.equal("edge-1 is draining now\n");
    expect(await cli("edges", "undrain", "edge-1")).to.include({ code: 0 });
  });

  it("finds the purge log that does not answer, and says what to do", async () => {
    const { code, stdout } = await cli("doctor", "--json");
    expect(code).to.equal(1);
    const findings: { program: string; severity: string; about: string; text: string }[] =
      JSON.parse(stdout).findings;
    const found = findings.map(({ program, severity, about }) => `${program} ${severity} ${about}`);
    expect(found).to.include.members(["edge-1 problem purge log", "fleet warning members"]);
    expect(findings.find(({ about }) => about === "purge log")?.text).to.match(
      /^it does not answer: .*; see that Redis runs/,
    );
  });

  it("explains, and counts, and says of a purge and of forgetting that they are not done", async () => {
    expect(await cli("explain", "/")).to.include({ code: 0 });
    expect((await cli("stats")).stderr).to.contain("the heartbeat table cannot be read");
    expect(await cli("edges", "forget", "edge-9")).to.include({ code: 1, stdout: "" });
    const { code, stderr } = await cli("purge", "/a");
    expect(code).to.equal(1);
    // Rejected once the edge has given the connection up, so that nothing was sent.
    expect(stderr).to.match(/purge (outcome unknown|rejected by the purge log, nothing was purged)/);
  });
});
