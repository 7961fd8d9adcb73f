import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { answer, pingResponse, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";

/** Makes the file by which a scratch edge knows that it was restarted. */
const RESTART = "require('node:fs').writeFileSync(process.argv[1], '')";

describe("admin-cli roll", function () {
  this.timeout(30_000);
  let folder: string;
  let edges: [ScratchEdge, ScratchEdge];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-roll-"));
    edges = [await startScratchEdge("edge-1"), await startScratchEdge("edge-2")];
    for (const { id, script } of edges) {
      script.members = edges.map((edge) => edge.member());
      script.ping = () =>
        answer({
          ...pingResponse(id),
          ...(existsSync(join(folder, id)) ? { bootId: "again", version: "2.0.0" } : {}),
        });
    }
  });
  afterEach(async () => {
    for (const edge of edges) await edge.stop();
    rmSync(folder, { recursive: true });
  });

  async function roll(
    options: readonly string[],
    command = [process.execPath, "-e", RESTART, `${folder}/{edge}`],
  ) {
    const argv = ["roll", "--json", "--pause", "0", "--edge", edges[0].address, ...options, "--", ...command];
    const { code, stdout } = await runAdminCli(argv);
    const rows: readonly { edge: string; outcome: string; version: string; problem: string | null }[] =
      JSON.parse(stdout).edges;
    return { code, rows, outcomes: rows.map(({ outcome }) => outcome) };
  }

  it("restarts each edge by the command, in order, and says what runs there now", async () => {
    const { code, rows } = await roll([]);
    expect(code).to.equal(0);
    expect(rows.map(({ edge, outcome, version }) => [edge, outcome, version])).to.deep.equal([
      ["edge-1", "restarted", "2.0.0"],
      ["edge-2", "restarted", "2.0.0"],
    ]);
  });

  it("tells people each edge in a line", async () => {
    const argv = [
      "roll",
      "--edge",
      edges[0].address,
      "--only",
      "edge-1",
      "--",
      process.execPath,
      "-e",
      RESTART,
    ];
    const { stdout } = await runAdminCli([...argv, `${folder}/{edge}`]);
    expect(stdout).to.match(/^edge-1: 1\.0\.0 to 2\.0\.0, serves after \d+\.\d s\n$/);
  });

  it("restarts only the edges that are named", async () => {
    expect((await roll(["--only", "edge-2"])).rows.map(({ edge }) => edge)).to.deep.equal(["edge-2"]);
    expect(existsSync(join(folder, "edge-1"))).to.equal(false);
  });

  it("goes on where it was ended, and passes over what runs the wanted version", async () => {
    await roll(["--only", "edge-1"]);
    expect((await roll(["--to", "2.0.0"])).outcomes).to.deep.equal(["passed over", "restarted"]);
  });

  it("ends at the first edge whose command fails, and leaves the others as they are", async () => {
    const { code, rows, outcomes } = await roll([], [process.execPath, "-e", "process.exit(3)"]);
    expect(code).to.equal(1);
    expect(outcomes).to.deep.equal(["failed", "not reached"]);
    expect(rows[0]?.problem).to.equal("the command ended with 3");
  });

  it("ends at an edge that was not started anew in time", async () => {
    const { outcomes, rows } = await roll(["--wait", "1s"], [process.execPath, "-e", ""]);
    expect(outcomes).to.deep.equal(["failed", "not reached"]);
    expect(rows[0]?.problem).to.equal("it serves no requests after the command: it was not started anew");
  });

  it("ends at an edge that comes back with another version", async () => {
    const { outcomes, rows } = await roll(["--to", "3.0.0"]);
    expect(outcomes).to.deep.equal(["failed", "not reached"]);
    expect(rows[0]?.problem).to.equal("it runs 2.0.0, not 3.0.0");
  });

  it("restarts nothing while another edge does not serve", async () => {
    edges[1].script.ping = () => answer(pingResponse("edge-2", "lapsed"));
    const { code, outcomes } = await roll([]);
    expect([code, outcomes]).to.deep.equal([1, ["failed", "not reached"]]);
    expect(existsSync(join(folder, "edge-1"))).to.equal(false);
  });

  it("refuses to begin without a command, or with an edge that there is not", async () => {
    const bare = await runAdminCli(["roll", "--edge", edges[0].address]);
    expect([bare.code, bare.stderr]).to.deep.equal([
      2,
      "admin-cli: roll: takes the command that restarts an edge after --, such as -- ssh {host} restart-edge, got nothing\n",
    ]);
    const unknown = await runAdminCli(["roll", "--edge", edges[0].address, "--only", "edge-9", "--", "true"]);
    const times = await runAdminCli(["roll", "--edge", edges[0].address, "--wait", "soon", "--", "true"]);
    expect(times.stderr).to.contain("--wait: must be a duration from 1s to 1h");
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.contain("--only: must name edges of the fleet (edge-1, edge-2), got");
  });
});
