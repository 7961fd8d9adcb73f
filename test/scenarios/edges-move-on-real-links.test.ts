import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { missingForLinks, NetworkNamespace } from "../rig/network-namespace.ts";
import { RouterProcess } from "../rig/router-process.ts";
import { SteadyLoad } from "../rig/steady-load.ts";

const NEAR_MS = 5;
const FAR_MS = 60;
const FOLLOWS_WITHIN_MS = 2_000;
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

  it("are followed within two seconds, each time by one switch", async () => {
    const [one, two] = links;
    links[0]?.delay(NEAR_MS);
    links[1]?.delay(FAR_MS);
    const pages = new Map([[PAGE, await readFile(`assets${PAGE}`)]]);
    await using load = SteadyLoad.start(router.base, pages, [[PAGE], [PAGE]]);
    await load.more(20, ({ servedBy }) => servedBy === "edge-1");
    for (const [near, far, nearId, farId] of [
      [two, one, "edge-2", "edge-1"],
      [one, two, "edge-1", "edge-2"],
    ] as const) {
      near?.delay(NEAR_MS);
      far?.delay(FAR_MS);
      const changedAt = performance.now();
      await load.more(50, ({ servedBy }) => servedBy === nearId);
      expect(load.leftAt(farId) - changedAt).to.be.lessThan(FOLLOWS_WITHIN_MS);
      expect(load.switchesSince(changedAt)).to.equal(1);
    }
    await load.stop();
    expect(load.broken).to.deep.equal([]);
  }).timeout(30_000);
});
