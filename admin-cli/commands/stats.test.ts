import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { runAdminCli, startAdminCli } from "../../test/rig/run-admin-cli.ts";
import { answer, edgeStats, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";
import { TerminalRun } from "../../test/rig/terminal-run.ts";

/** As it is printed. */
const printed = (id: string) => ({ ...JSON.parse(JSON.stringify(edgeStats(id))), disk: null });

describe("admin-cli stats", () => {
  let edges: [ScratchEdge, ScratchEdge];

  beforeEach(async () => {
    edges = [await startScratchEdge("edge-1"), await startScratchEdge("edge-2")];
    const [first, second] = edges;
    const gone = { ...first.member(), edge: "edge-3", grpcAddress: "127.0.0.1:1" };
    first.script.members = [first.member(), second.member(), gone];
    second.script.stats = () => answer({ ...edgeStats("edge-2"), requests: 100, hits: 89 });
  });
  afterEach(() => Promise.all(edges.map((edge) => edge.stop())));

  it("prints every edge's own counters, and nulls for one that is unreachable", async () => {
    const run = await runAdminCli(["stats", "--json", "--edge", edges[0].address]);
    expect(run).to.deep.include({ code: 0, stderr: "" });
    const fleet = JSON.parse(run.stdout).edges;
    expect(fleet.slice(0, 2)).to.deep.equal([
      printed("edge-1"),
      { ...printed("edge-2"), requests: 100, hits: 89 },
    ]);
    expect(fleet[2]).to.include({
      edge: "edge-3",
      state: "unreachable",
      position: "1-4",
      requests: null,
      uptimeMs: null,
    });
    expect(Object.keys(fleet[2])).to.deep.equal(Object.keys(printed("edge-1")));
  });

  it("prints a column per edge and the sum of the fleet", async () => {
    const { stdout } = await runAdminCli(["stats", "--edge", edges[0].address]);
    expect(stdout).to.match(/^ +edge-1 +edge-2 +edge-3 +fleet$/m);
    expect(stdout).to.match(/^state +serving +serving +unreachable$/m);
    expect(stdout).to.match(/^requests +21 +100 +- +121$/m);
    expect(stdout).to.match(/^bytes +2\.0 KiB +2\.0 KiB +- +4\.0 KiB$/m);
    expect(stdout).to.match(/^up +3 min 20 s +3 min 20 s +-$/m);
  });

  it("goes on with --watch from a stream of each edge, and ends with code 0 at Ctrl-C", async () => {
    const [first, second] = edges;
    let requests = 0;
    first.script.stats = () => answer({ ...edgeStats("edge-1"), requests: requests++ });
    const child = startAdminCli(["stats", "--watch", "--json", "--edge", first.address]);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push(JSON.parse((await lines.next()).value ?? "").edges);
    expect(first.watchers()).to.equal(1);
    expect(second.watchers()).to.equal(1);
    expect(seen[2][0].requests).to.be.above(seen[0][0].requests);
    expect(seen[2][1].requests).to.equal(100);
    child.kill("SIGINT");
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });

  it("draws a live screen at a terminal, in 60 columns too", async function () {
    let requests = 0;
    edges[0].script.stats = () => {
      requests += 50;
      return answer({ ...edgeStats("edge-1"), requests, hits: requests, uptimeMs: requests * 20 });
    };
    const run = TerminalRun.start(["admin-cli/bin.mjs", "stats", "--watch", "--edge", edges[0].address]);
    if (run === undefined) this.skip();
    await run.says(/edge-1 +\S*serving\S* +50\/s +100 %/);
    await run.says(/edge-3 +\S*unreachable/);
    run.types("\u0003");
    expect(await run.ended()).to.equal(0);
  });

  it("ends when nobody reads the output any more", async () => {
    const child = startAdminCli(["stats", "--watch", "--edge", edges[0].address]);
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });
});
