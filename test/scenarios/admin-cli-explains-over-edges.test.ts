import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { stopAfterEach } from "../rig/fetching.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

describe("admin-cli explain in a fleet", function () {
  this.timeout(60_000);
  const stopLater = stopAfterEach();
  let contact: string;
  let router: TestRouter;
  let stopFar: () => Promise<void>;

  beforeEach(async () => {
    const origin = await HttpOrigin.start();
    stopLater(() => origin.stop());
    origin.answer("/a", { fields: [["Cache-Control", "max-age=60"]], body: "page" });
    const purgeLog = new MemoryPurgeLog(systemClock);
    stopLater(() => purgeLog.close());
    const start = async (id: string, simulateLatency: number) => {
      const edge = await startTestEdge(origin.url, { id, simulateLatency, purgeLog, drain: 0 });
      let stopped: Promise<void> | undefined;
      const stop = () => (stopped ??= edge.stop());
      stopLater(stop);
      return { edge, stop };
    };
    const near = await start("near", 0);
    const far = await start("far", 40);
    stopFar = far.stop;
    contact = near.edge.control;
    const grpcAddresses = [far.edge.control, near.edge.control];
    router = await startTestRouter([], { edges: { kind: "listed", grpcAddresses } });
    stopLater(() => router.running.stop());
    // Now far has stored it, and near has not.
    await get(far.edge.url, "/a");
  });

  const explain = (...argv: string[]) =>
    runAdminCli(["explain", "/a", ...argv, "--edge", contact], {
      EDGECACHE_ROUTER: new URL(router.admin).host,
    });

  it("says what each edge has stored", async () => {
    const { code, stdout } = await explain("--all-edges");
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^edge +far\n.*\nnext +hit/)
      .and.match(/\n\nedge +near\n.*\nnext +fwd=uri-miss/);
    const { edges } = JSON.parse((await explain("--all-edges", "--json")).stdout);
    expect(
      edges.map(({ edge, variants }: { edge: string; variants: [] }) => [edge, variants.length]),
    ).to.deep.equal([
      ["far", 1],
      ["near", 0],
    ]);
  });

  it("says which of them does not answer", async () => {
    await stopFar();
    const { edges } = JSON.parse((await explain("--all-edges", "--json")).stdout);
    expect(edges).to.have.length.within(1, 2);
    for (const { edge, problem } of edges)
      if (edge === "far") expect(problem).to.contain("no edge answers at");
  });

  it("asks the edge that the router would choose", async () => {
    await until("near is chosen", async () => (await explain("--routed")).stdout.includes("edge     near"));
    const { stdout } = await explain("--routed");
    expect(stdout).to.match(/^routed because .*\nedge +near\n/);
    expect(JSON.parse((await explain("--routed", "--json")).stdout)).to.include({ edge: "near" });
  });

  it("asks one of these, not two", async () => {
    const run = await explain("--routed", "--all-edges");
    expect(run).to.deep.include({
      code: 2,
      stderr: "admin-cli: --routed: must not be given with --all-edges\n",
    });
  });
});
