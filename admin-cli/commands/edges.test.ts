import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import {
  answer,
  pingResponse,
  refusal,
  type ScratchEdge,
  startScratchEdge,
} from "../../test/rig/scratch-edge.ts";

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
    const runs = { version: "1.0.0", config: "0123456789abcdef" };
    expect(JSON.parse(run.stdout)).to.deep.equal({
      edges: [
        { ...first.member(), ...runs, state: "serving" },
        { ...second.member(), ...runs, state: "draining" },
      ],
    });
  });

  it("says that the edges are configured with different sites", async () => {
    const [first, second] = edges;
    first.script.members = [first.member(), { ...second.member(), sites: "fedcba9876543210" }];
    const run = await runAdminCli(["edges", "--edge", first.address]);
    expect(run.code).to.equal(0);
    expect(run.stderr).to.contain("the edges are configured with different sites");
    expect(run.stdout).to.match(/^edge-2 .* fedcba98 +01234567 +1\.0\.0$/m);
  });

  it("lists the edges that were last known, and says why, while the heartbeat table cannot be read", async () => {
    const [first, second] = edges;
    first.script.members = [first.member(), second.member()];
    first.script.membersOutdated = "the heartbeat table cannot be read: no answer";
    const run = await runAdminCli(["edges", "--json", "--edge", first.address]);
    expect(run.code).to.equal(0);
    expect(JSON.parse(run.stdout).edges).to.have.length(2);
    expect(run.stderr).to.equal(
      "admin-cli: edge-1: the heartbeat table cannot be read: no answer; the edges are those that it last knew of\n",
    );
  });

  it("calls an edge unreachable when nobody, or another edge, answers at its address", async () => {
    const [first, second] = edges;
    const gone = { ...second.member(), edge: "edge-3", grpcAddress: "127.0.0.1:1" };
    const replaced = { ...second.member(), edge: "edge-4" };
    const garbled = { ...second.member(), edge: "edge-5", grpcAddress: "unix:/dev/null" };
    first.script.members = [first.member(), gone, replaced, garbled];
    const run = await runAdminCli(["edges", "--edge", first.address]);
    expect(run.code).to.equal(0);
    expect(run.stdout).to.match(/^edge-1 +serving .* 13 ms ago +boot-of- +[0-9a-f]{8} +01234567 +1\.0\.0$/m);
    expect(run.stdout).to.match(/^edge-3 +unreachable .* 127\.0\.0\.1:1 /m);
    expect(run.stdout).to.match(/^edge-4 +unreachable /m);
    expect(run.stdout).to.match(/^edge-5 +unreachable /m);
  });

  it("shows the edge asked also when the heartbeat table does not hold it", async () => {
    const [first] = edges;
    const run = await runAdminCli(["edges", "--json", "--edge", first.address]);
    expect(JSON.parse(run.stdout)).to.deep.equal({
      edges: [
        {
          ...first.member(),
          heartbeatAgeMs: null,
          sites: "",
          state: "serving",
          version: "1.0.0",
          config: "0123456789abcdef",
        },
      ],
    });
  });

  describe("with forget", () => {
    it("forgets an edge and says so", async () => {
      const [first] = edges;
      const forgotten: string[] = [];
      first.script.forget = ({ edge }) => {
        forgotten.push(edge);
        return answer({});
      };
      const run = await runAdminCli(["edges", "forget", "edge-3", "--edge", first.address]);
      expect(run).to.deep.equal({ code: 0, stdout: "edge-3 is forgotten\n", stderr: "" });
      const json = await runAdminCli(["edges", "forget", "edge-3", "--json", "--edge", first.address]);
      expect(json.stdout).to.equal('{"forgotten":"edge-3"}\n');
      expect(forgotten).to.deep.equal(["edge-3", "edge-3"]);
    });

    it("repeats why an edge refuses, and exits 1", async () => {
      const [first] = edges;
      first.script.forget = () => refusal(status.FAILED_PRECONDITION, "edge: must have been silent");
      const run = await runAdminCli(["edges", "forget", "edge-2", "--edge", first.address]);
      expect(run).to.deep.equal({
        code: 1,
        stdout: "",
        stderr: `admin-cli: ${first.address} refused the call: edge: must have been silent\n`,
      });
    });

    for (const argv of [["forget"], ["drain"], ["forget", "a", "b"], ["remove", "a"]]) {
      it(`does not understand "edges ${argv.join(" ")}"`, async () => {
        const run = await runAdminCli(["edges", ...argv]);
        expect(run.code).to.equal(2);
        expect(run.stderr).to.match(
          /^admin-cli: edges: takes no arguments but drain <id>, undrain <id> or forget <id>, got /,
        );
      });
    }
  });
});
