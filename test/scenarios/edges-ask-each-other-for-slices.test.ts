import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { stopAfterEach } from "../rig/fetching.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { bytesOf, LargeFile } from "../rig/large-file.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { writtenRules } from "../rig/written-rules.ts";

describe("edges that ask each other for slices", function () {
  this.timeout(40_000);
  const stopLater = stopAfterEach();

  it("fetch each slice once, and the new version after a purge", async () => {
    const film = new LargeFile(3 * 64 * 1024 + 100);
    const origin = await HttpOrigin.start({ "/film": film.answer });
    stopLater(() => origin.stop());
    const purgeLog = new MemoryPurgeLog(systemClock);
    const rules = writtenRules("rules: []\n", { slice: 64 * 1024 });
    const start = (id: string) => startTestEdge(origin.url, { id, purgeLog, peers: true, rules });
    const edges = await Promise.all(["edge-1", "edge-2", "edge-3"].map(start));
    for (const edge of edges) stopLater(() => edge.stop());
    const live = /^edgecache_edge_peers_live\{.*\} 2$/m;
    for (const { id, operator } of edges)
      await until(`${id} knows the others`, async () => live.test((await get(operator, "/metrics")).text));
    const headers = { Host: "films.example" };
    for (const version of [1, 2]) {
      film.version = version;
      const [first] = edges;
      if (version === 2 && first !== undefined)
        await purge(first.control, { $case: "url", url: "http://films.example/film" });
      for (const { url } of edges) {
        const { body } = await get(url, "/film", { headers });
        expect(body.equals(bytesOf(version, 0, film.length - 1))).to.equal(true);
      }
      expect(film.ranges).to.have.length(4 * version);
    }
  });
});
