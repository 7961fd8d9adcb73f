import { expect } from "chai";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { answer, pingResponse, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";

describe("admin-cli ping", () => {
  let edge: ScratchEdge;

  beforeEach(async () => {
    edge = await startScratchEdge("edge-1");
    edge.script.members = [edge.member(), { ...edge.member(), edge: "edge-2", grpcAddress: "127.0.0.1:1" }];
  });
  afterEach(() => edge.stop());

  it("prints the time and state of every edge, null where there is none", async () => {
    const run = await runAdminCli(["ping", "--json", "--edge", edge.address]);
    expect(run).to.deep.include({ code: 0, stderr: "" });
    const { edges } = JSON.parse(run.stdout);
    expect(edges[0]).to.have.keys("edge", "rttMs", "state", "originsUnreachable");
    expect(edges[0]).to.include({ edge: "edge-1", state: "serving", originsUnreachable: 0 });
    expect(edges[0].rttMs).to.be.above(0).and.below(2000);
    expect(edges[1]).to.deep.equal({
      edge: "edge-2",
      rttMs: null,
      state: "unreachable",
      originsUnreachable: null,
    });
    expect(edges).to.have.length(2);
  });

  it("takes five measurements after one that connects, beside the one that finds the edge", async () => {
    let pings = 0;
    edge.script.ping = () => {
      pings++;
      return answer(pingResponse("edge-1"));
    };
    const run = await runAdminCli(["ping", "--edge", edge.address]);
    expect(pings).to.equal(1 + 1 + 5);
    expect(run.stdout).to.match(
      /^edge {4}round trip {2}state\nedge-1 +[\d.]+ ms {2}serving\nedge-2 +- {2}unreachable\n$/,
    );
  });

  for (const [originsUnreachable, told] of [
    [1, "serving, 1 origin unreachable"],
    [2, "serving, 2 origins unreachable"],
  ] as const)
    it(`tells ${told} beside the state`, async () => {
      edge.script.ping = () => answer({ ...pingResponse("edge-1"), originsUnreachable });
      const { stdout } = await runAdminCli(["ping", "--edge", edge.address]);
      expect(stdout).to.contain(`${told}\n`);
    });
});
