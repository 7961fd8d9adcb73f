import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { stopAfterEach } from "../rig/fetching.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

describe("an edge that an operator drains", function () {
  this.timeout(60_000);
  const stopLater = stopAfterEach();
  let edges: readonly TestEdge[];
  let front: string;

  beforeEach(async () => {
    const origin = await HttpOrigin.start();
    stopLater(() => origin.stop());
    origin.answer("/a", { fields: [["Cache-Control", "max-age=60"]], body: "page" });
    const purgeLog = new MemoryPurgeLog(systemClock);
    stopLater(() => purgeLog.close());
    const started: TestEdge[] = [];
    for (const [id, simulateLatency] of [
      ["near", 0],
      ["far", 40],
    ] as const) {
      const edge = await startTestEdge(origin.url, { id, simulateLatency, purgeLog, drain: 0 });
      stopLater(() => edge.stop());
      started.push(edge);
    }
    edges = started;
    const grpcAddresses = edges.map(({ control }) => control);
    const router = await startTestRouter([], { edges: { kind: "listed", grpcAddresses } });
    stopLater(() => router.running.stop());
    front = router.base;
  });

  const servedBy = async (): Promise<string> => {
    const { status, header } = await get(front, "/a");
    expect(status).to.equal(200);
    return header("x-served-by") ?? "";
  };
  const settlesOn = (id: string) => until(`requests go to ${id}`, async () => (await servedBy()) === id);
  const cli = (...argv: string[]) => runAdminCli(["edges", ...argv, "--edge", edges[1]?.control ?? ""]);

  it("gets no requests from routers while another edge serves, until it is put back", async () => {
    await settlesOn("near");
    const drained = await cli("drain", "near");
    expect(drained).to.deep.equal({ code: 0, stdout: "near is draining now\n", stderr: "" });
    await settlesOn("far");
    for (let n = 0; n < 20; n += 1) expect(await servedBy()).to.equal("far");
    expect((await cli()).stdout).to.match(/^near +draining /m);
    const [near] = edges;
    expect((await get(near?.operator ?? "", "/readyz")).status).to.equal(503);
    // Who asks it directly gets an answer still.
    expect((await get(near?.url ?? "", "/a")).text).to.equal("page");
    expect(await cli("undrain", "near", "--json")).to.deep.include({
      code: 0,
      stdout: '{"edge":"near","state":"serving"}\n',
    });
    await settlesOn("near");
  });

  it("gets them when all others are drained too", async () => {
    for (const id of ["near", "far"]) expect((await cli("drain", id)).code).to.equal(0);
    for (let n = 0; n < 20; n += 1) expect(await servedBy()).to.be.oneOf(["near", "far"]);
  });

  it("must be one of the fleet", async () => {
    expect(await cli("drain", "other")).to.deep.equal({
      code: 2,
      stdout: "",
      stderr: 'admin-cli: drain: must be one of far, near, got "other"\n',
    });
  });

  it("is drained and put back by HTTP, too", async () => {
    const [near] = edges;
    for (const [path, state] of [
      ["/drain", "draining"],
      ["/undrain", "serving"],
    ]) {
      const answer = await get(near?.operator ?? "", path ?? "", { method: "POST" });
      expect([answer.status, answer.text]).to.deep.equal([200, `{"edge":"near","state":"${state}"}`]);
    }
  });
});
