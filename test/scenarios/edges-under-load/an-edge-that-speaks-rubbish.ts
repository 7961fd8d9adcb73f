import { expect } from "chai";
import { HeartbeatTable } from "../../rig/heartbeat-table.ts";
import { RawOrigin } from "../../rig/raw-origin.ts";
import { RoutedEdge } from "../../rig/routed-edge.ts";
import type { RoutedSystem, WholeSystem } from "../../rig/routed-system.ts";
import { isServing } from "../../rig/router-process.ts";
import { until } from "../../rig/until.ts";

/** None of these begins an answer. */
const RUBBISH = [
  "\u0016\u0003\u0001 not HTTP at all\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
  "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nX-Served-By: edge-1\r\nX: \u0000\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Le",
  "",
];

export function edgeSpeaksRubbish(whole: WholeSystem): void {
  describe("an edge that speaks rubbish", () => {
    const parts = new AsyncDisposableStack();
    let system: RoutedSystem;
    let rubbish: RawOrigin;
    let edge: RoutedEdge;
    let table: HeartbeatTable;
    before(async () => {
      system = await whole();
      rubbish = await RawOrigin.start((socket, count) => socket.end(RUBBISH[count % RUBBISH.length] ?? ""));
      parts.adopt(rubbish, (it) => it.stop());
      // Of all edges the nearest: every request would go there.
      edge = await RoutedEdge.start("edge-x", { ping: { httpPort: Number(rubbish.url.port) } });
      parts.adopt(edge, (it) => it.stop());
      table = parts.adopt(new HeartbeatTable(system.redis.url), (it) => it.close());
    }).timeout(60_000);
    after(() => parts.disposeAsync());

    it("is left alone after a few tries, and no client sees any of it", async () => {
      await using load = system.load();
      await table.add("edge-x", edge.grpcAddress, rubbish.url.host);
      await system.router.until("edge-x serves", (rows) => isServing(rows, "edge-x"));
      // An edge that has just joined gets its share little by little.
      await until("a request has gone there", async () => rubbish.heads.length > 0);
      await load.more(300);
      await load.stop();
      expect(load.broken).to.deep.equal([]);
      expect(load.asked.map(({ servedBy }) => servedBy)).not.to.include("edge-x");
      expect(rubbish.heads.length).to.be.within(1, load.asked.length / 10);
    }).timeout(30_000);
  });
}
