import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("two edges with one id", () => {
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

  it("the second one refuses to start, and the first one stays in the table", async () => {
    const thrown = await start().catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(Failure);
    expect(thrown).to.include({ code: "edge-id-taken" });
    expect((await purgeLog.members()).map(({ grpcAddress }) => grpcAddress)).to.deep.equal([first.control]);
    expect((await fetch(`${first.operator}/readyz`)).status).to.equal(200);
  }).timeout(10_000);

  it("the second one starts at once after the first one has stopped", async () => {
    await first.stop();
    // Longer than this test may take.
    const lease = 30_000;
    await (await start(lease)).stop();
    first = await start();
  }).timeout(20_000);
});
