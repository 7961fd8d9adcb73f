import { expect } from "chai";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { answer, pingResponse, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";

describe("admin-cli edges", () => {
  let edges: [ScratchEdge, ScratchEdge];

  beforeEach(async () => {
    edges = [await startScratchEdge("edge-1"), await startScratchEdge("edge-2")];
  });
  afterEach(() => Promise.all(edges.map((edge) => edge.stop())));

  it("shows what the heartbeat table says and what each edge says itself", async () => {
    const [first, second] = edges;
    first.script.members = [first.member(), second.member()];
    second.script.ping = () => answer(pingResponse("edge-2", "draining"));
    const run = await runAdminCli(["edges", "--json", "--edge", first.address]);
    expect(run).to.deep.include({ code: 0, stderr: "" });
    expect(JSON.parse(run.stdout)).to.deep.equal({
      edges: [
        { ...first.member(), state: "serving" },
        { ...second.member(), state: "draining" },
      ],
    });
  });

  it("calls an edge unreachable when nobody, or another edge, answers at its address", async () => {
    const [first, second] = edges;
    const gone = { ...second.member(), edge: "edge-3", grpcAddress: "127.0.0.1:1" };
    const replaced = { ...second.member(), edge: "edge-4" };
    const garbled = { ...second.member(), edge: "edge-5", grpcAddress: "unix:/dev/null" };
    first.script.members = [first.member(), gone, replaced, garbled];
    const run = await runAdminCli(["edges", "--edge", first.address]);
    expect(run.code).to.equal(0);
    expect(run.stdout).to.match(/^edge-1 +serving .* 13 ms ago +boot-of-$/m);
    expect(run.stdout).to.match(/^edge-3 +unreachable .* 127\.0\.0\.1:1 /m);
    expect(run.stdout).to.match(/^edge-4 +unreachable /m);
    expect(run.stdout).to.match(/^edge-5 +unreachable /m);
  });

  it("shows the edge asked also when the heartbeat table does not hold it", async () => {
    const [first] = edges;
    const run = await runAdminCli(["edges", "--json", "--edge", first.address]);
    expect(JSON.parse(run.stdout)).to.deep.equal({
      edges: [{ ...first.member(), heartbeatAgeMs: null, state: "serving" }],
    });
  });
});
