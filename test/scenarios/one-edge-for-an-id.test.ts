import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("an id is one edge's", () => {
  const assets = { kind: "directory", path: "assets" } as const;
  let purgeLog: MemoryPurgeLog;
  let first: TestEdge;
  // The shortest lease: the second edge waits for it to end.
  const start = (lease = 1_000) => startTestEdge(assets, { purgeLog, lease });
  beforeEach(async () => {
    purgeLog = new MemoryPurgeLog(systemClock);
    first = await start();
  });
  afterEach(async () => {
    await first.stop();
    await purgeLog.close();
  });

  it("so a second one does not start, and the first one stays in the table", async () => {
    const thrown = await start().catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(Failure);
    expect(thrown).to.include({ code: "edge-id-taken" });
    expect((await purgeLog.members()).map(({ grpcAddress }) => grpcAddress)).to.deep.equal([first.control]);
    expect((await fetch(`${first.operator}/readyz`)).status).to.equal(200);
  }).timeout(10_000);

  it("so it is free at once when that edge has stopped", async () => {
    await first.stop();
    const lease = 20_000;
    await (await start(lease)).stop();
    const began = performance.now();
    first = await start();
    expect(performance.now() - began).to.be.below(lease / 2);
  });
});
