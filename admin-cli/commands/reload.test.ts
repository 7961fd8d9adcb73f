import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { refusal, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";

describe("admin-cli reload", function () {
  this.timeout(20_000);
  let edges: [ScratchEdge, ScratchEdge];

  beforeEach(async () => {
    edges = [await startScratchEdge("edge-1"), await startScratchEdge("edge-2")];
    for (const { script } of edges) script.members = edges.map((edge) => edge.member());
  });
  afterEach(async () => {
    for (const edge of edges) await edge.stop();
  });

  const reload = (...argv: string[]) => runAdminCli(["reload", ...argv, "--edge", edges[0].address]);

  it("asks every edge and says so", async () => {
    expect(await reload()).to.deep.equal({
      code: 0,
      stdout: "edge-1  reloaded  settings 01234567\nedge-2  reloaded  settings 01234567\n",
      stderr: "",
    });
  });

  it("says what is wrong with the settings of an edge, and exits with 1", async () => {
    edges[1].script.reload = () => refusal(status.FAILED_PRECONDITION, "callers: must be a list of callers");
    const { code, stdout } = await reload("--json");
    expect(code).to.equal(1);
    expect(JSON.parse(stdout).edges).to.deep.equal([
      { edge: "edge-1", problem: null, config: "0123456789abcdef", needsRestart: [] },
      {
        edge: "edge-2",
        problem: `${edges[1].address} refused the call: callers: must be a list of callers`,
        config: null,
        needsRestart: [],
      },
    ]);
  });

  it("names what was changed and needs a restart", async () => {
    edges[0].script.reload = () => ({
      kind: "answer",
      value: { edge: "edge-1", config: "fedcba9876543210", needsRestart: ["memory", "port"] },
    });
    expect((await reload()).stdout).to.match(
      /^edge-1 +reloaded +settings fedcba98 +a restart is needed for memory, port$/m,
    );
  });
});
