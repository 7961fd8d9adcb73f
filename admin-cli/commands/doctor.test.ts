import { expect } from "chai";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { examined, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";

describe("admin-cli doctor", function () {
  this.timeout(20_000);
  let edges: [ScratchEdge, ScratchEdge];

  beforeEach(async () => {
    edges = [await startScratchEdge("edge-1"), await startScratchEdge("edge-2")];
    for (const { script } of edges) script.members = edges.map((edge) => edge.member());
  });
  afterEach(async () => {
    for (const edge of edges) await edge.stop();
  });

  const doctor = (...argv: string[]) => runAdminCli(["doctor", ...argv, "--edge", edges[0].address]);

  it("finds nothing in a fleet that is well", async () => {
    expect(await doctor()).to.deep.equal({ code: 0, stdout: "nothing found\n", stderr: "" });
  });

  it("shows warnings, and exits with 1 when there is a problem", async () => {
    const warning = { severity: "warning", about: "a.pem", text: "it ends soon" };
    edges[1].script.examine = () => ({ kind: "answer", value: examined("edge-2", [warning]) });
    expect(await doctor()).to.deep.equal({
      code: 0,
      stdout: "edge-2  warning  a.pem  it ends soon\n",
      stderr: "",
    });
    await edges[1].stop();
    const { code, stdout } = await doctor("--json");
    expect(code).to.equal(1);
    expect(JSON.parse(stdout)).to.deep.equal({
      healthy: false,
      findings: [{ program: "edge-2", severity: "problem", about: "connection", text: "it does not answer" }],
    });
  });
});
