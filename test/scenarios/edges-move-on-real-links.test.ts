import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { missingForLinks, NetworkNamespace } from "../rig/network-namespace.ts";
import { RouterProcess } from "../rig/router-process.ts";
import { SteadyLoad } from "../rig/steady-load.ts";

const NEAR_MS = 5;
const FAR_MS = 300;
const PAGE = "/hello.txt";

describe("edges on links whose delay changes while the router runs", () => {
  const links: NetworkNamespace[] = [];
  const parts = new AsyncDisposableStack();
  let router: RouterProcess;

  before(async function () {
    const missing = missingForLinks();
    if (missing !== undefined) {
      // edges-that-move.ts tells the same story with proxies, everywhere.
      for (const test of this.test?.parent?.tests ?? []) test.title += ` (${missing})`;
      this.skip();
    }
    const addresses: string[] = [];
    for (const index of [0, 1]) {
      const link = parts.adopt(NetworkNamespace.open(index), (it) => it.close());
      links.push(link);
      const edge = await EdgeProcess.start({
        id: `edge-${index + 1}`,
        origin: "assets",
        namespace: link.name,
        flags: ["--host", link.host],
        // Without one, the gRPC port would listen on loopback only.
        env: { EDGECACHE_TOKEN: "of-this-test" },
      });
      parts.adopt(edge, (it) => it.kill());
      addresses.push(`${link.host}:${edge.grpcPort}`);
    }
    router = parts.adopt(await RouterProcess.start(["--edges", addresses.join()]), (it) => it.close());
  }).timeout(60_000);
  after(() => parts.disposeAsync());

  it("are followed by every client, each time by one switch", async () => {
    const [one, two] = links;
    links[0]?.delay(NEAR_MS);
    links[1]?.delay(FAR_MS);
    const pages = new Map([[PAGE, await readFile(`assets${PAGE}`)]]);
    await using load = SteadyLoad.start(router.base, pages, [[PAGE], [PAGE]]);
    await load.more(20);
    await router.settlesOn("edge-1");
    for (const [near, far, nearId] of [
      [two, one, "edge-2"],
      [one, two, "edge-1"],
    ] as const) {
      const changedAt = performance.now();
      near?.delay(NEAR_MS);
      far?.delay(FAR_MS);
      const { sawLoad } = await router.settlesOn(nearId);
      const settledAt = performance.now();
      await load.more(50);
      const later = load.asked.filter(({ sentAt }) => sentAt > settledAt);
      expect(new Set(later.map(({ servedBy }) => servedBy))).to.deep.equal(new Set([nearId]));
      // Requests leave a loaded edge gradually, so a client may go back and forth: the rule is about calm edges.
      if (!sawLoad) expect(Math.max(...load.switchesSince(changedAt))).to.equal(1);
    }
    await load.stop();
    expect(load.broken).to.deep.equal([]);
  }).timeout(90_000);
});
