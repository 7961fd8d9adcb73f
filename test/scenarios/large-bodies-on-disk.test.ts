import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { stopAfterEach } from "../rig/fetching.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { bytesOf, LargeFile } from "../rig/large-file.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const MIB = 1024 ** 2;
// Edges of a restart listen on other ports.
const HOST = { host: "site.example" };

describe("a response of 20 MiB on disk", function () {
  this.timeout(60_000);
  const stopLater = stopAfterEach();
  let film: LargeFile;
  let origin: HttpOrigin;
  let disk: string;
  let purgeLog: MemoryPurgeLog;
  let fetched = 0;

  beforeEach(async () => {
    film = new LargeFile(20 * MIB + 100);
    film.fields = [["Cache-Control", "max-age=600"]];
    fetched = 0;
    const answer: LargeFile["answer"] = (...args) => {
      fetched += 1;
      return film.answer(...args);
    };
    origin = await HttpOrigin.start({ "/film": answer });
    stopLater(() => origin.stop());
    disk = mkdtempSync(join(tmpdir(), "edgecache-large-"));
    stopLater(async () => rmSync(disk, { recursive: true }));
    purgeLog = new MemoryPurgeLog(systemClock);
    stopLater(() => purgeLog.close());
  });

  async function started(): Promise<TestEdge> {
    const memory = 256 * MIB;
    const edge = await startTestEdge(origin.url, { purgeLog, disk, memory, drain: 0 });
    stopLater(() => edge.stop());
    await until("the edge has its lease", async () => (await get(edge.operator, "/readyz")).status === 200);
    return edge;
  }

  async function isServed(edge: TestEdge, version: number): Promise<string | undefined> {
    const { body, header } = await get(edge.url, "/film", { headers: HOST });
    expect(body.equals(bytesOf(version, 0, film.length - 1))).to.equal(true);
    return header("cache-status");
  }

  it("comes back after a restart, whole and by parts, without the origin", async () => {
    const edge = await started();
    for (let n = 0; n < 2; n += 1) await isServed(edge, 1);
    expect(fetched).to.equal(1);
    await edge.stop();
    for (const asksPart of [false, true]) {
      const after = await started();
      if (asksPart) {
        const headers = { ...HOST, Range: "bytes=20000000-20000099" };
        const part = await get(after.url, "/film", { headers });
        expect(part.status).to.equal(206);
        expect(part.body.equals(bytesOf(1, 20_000_000, 20_000_099))).to.equal(true);
      } else expect(await isServed(after, 1)).to.include("detail=disk");
      expect(await isServed(after, 1)).to.include("hit");
      await after.stop();
    }
    expect(fetched).to.equal(1);
  });

  it("does not come back when it was purged while the edge was away", async () => {
    const edge = await started();
    for (let n = 0; n < 2; n += 1) await isServed(edge, 1);
    await edge.stop();
    const other = await startTestEdge(origin.url, { id: "edge-2", purgeLog });
    await purge(other.control, { $case: "url", url: "/film" }, { soft: false });
    await other.stop();
    film.version = 2;
    await isServed(await started(), 2);
    expect(fetched).to.equal(2);
  });
});
