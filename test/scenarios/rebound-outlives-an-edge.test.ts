import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const page = (body: string) => ({ fields: [["Cache-Control", "max-age=60"]] as const, body });

describe("a rebound", () => {
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: TestEdge[];

  beforeEach(async () => {
    origin = await HttpOrigin.start({ "/a": page("old") });
    purgeLog = new MemoryPurgeLog(systemClock);
    edges = [];
    for (const id of ["edge-1", "edge-2"]) edges.push(await startTestEdge(origin.url, { id, purgeLog }));
  });
  afterEach(async () => {
    for (const edge of edges) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });

  it("comes although the edge that took the purge is gone", async () => {
    const [first, second] = edges;
    if (first === undefined || second === undefined) throw new Error("two edges were started");
    const rebound = { seconds: 0, nanos: 500_000_000 };
    const { outcome } = await purge(first.control, { $case: "url", url: "/a" }, { rebound });
    expect(outcome).to.equal("applied");
    // The origin is late: what is stored after the purge is old.
    expect((await get(second.url, "/a")).text).to.equal("old");
    await first.stop();
    origin.answer("/a", page("new"));
    await until("edge-2 gives the new page", async () => (await get(second.url, "/a")).text === "new");
  });
});
