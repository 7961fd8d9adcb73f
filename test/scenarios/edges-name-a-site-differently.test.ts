import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

describe("edges that name the site of a host differently", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: readonly [TestEdge, TestEdge];

  before(async () => {
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=600"]], body: "a" } });
    purgeLog = new MemoryPurgeLog(systemClock);
    const start = (id: string, name: string) =>
      startTestEdge(origin.url, {
        id,
        purgeLog,
        sites: [{ name, hosts: ["shop.example"], origin: { kind: "http", url: origin.url } }],
      });
    edges = [await start("edge-1", "shop"), await start("edge-2", "store")];
  });

  after(async () => {
    for (const edge of edges) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });

  const page = async (edge: TestEdge) =>
    (await get(edge.url, "/a", { headers: { Host: "shop.example" } })).header("x-cache");

  it("purge it at each of them, and the receipt says which edge is configured otherwise", async () => {
    for (const edge of edges) await page(edge);
    const { outcome, edges: receipts } = await purge(edges[0].control, {
      $case: "url",
      url: "http://shop.example/a",
    });
    expect(outcome).to.equal("applied");
    expect(
      receipts.map(({ edge, state, objects, differs }) => [edge, state, objects, differs]),
    ).to.deep.equal([
      ["edge-1", "applied", 1, false],
      ["edge-2", "applied", 1, true],
    ]);
    expect(await page(edges[1])).to.equal("MISS");
  });

  it("say nothing of it when the purge names no site", async () => {
    const { edges: receipts } = await purge(edges[0].control, { $case: "url", url: "/a" });
    expect(receipts.map(({ differs }) => differs)).to.deep.equal([false, false]);
  });

  it("are told apart by admin-cli", async () => {
    const listed = await runAdminCli(["edges", "--edge", edges[0].control]);
    expect(listed.stderr).to.contain("the edges are configured with different sites");
    const purged = await runAdminCli(["purge", "http://shop.example/a", "--edge", edges[0].control]);
    expect(purged.code).to.equal(0);
    expect(purged.stdout).to.match(/^edge-1 +applied[^\n]*objects$/m);
    expect(purged.stdout).to.match(/^edge-2 +applied .* differs: configured with other sites$/m);
  });
});
