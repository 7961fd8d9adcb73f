import { expect } from "chai";
import type { PurgeRecord } from "../../proto/gen/edgecache/v1/edge.ts";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { answer, type ScratchEdge, startScratchEdge } from "../../test/rig/scratch-edge.ts";

const RECORD: PurgeRecord = {
  purgeId: "p-1",
  position: "7-1",
  time: new Date("2026-01-02T03:04:05.678Z"),
  by: "127.0.0.1:5 via edge-1",
  soft: false,
  pace: 0,
  targets: [{ target: { $case: "url", url: "/a" }, site: "" }],
  targetCount: 1,
  edges: [
    { edge: "edge-1", state: "applied", ms: 1.256, objects: 2, bytes: 0, differs: false },
    { edge: "edge-2", state: "applied", ms: 0, objects: 3, bytes: 0, differs: false },
  ],
};

const SOFT: PurgeRecord = {
  ...RECORD,
  soft: true,
  pace: 50,
  targets: [{ target: { $case: "tag", tag: "news\u001b[2J" }, site: "shop" }],
  targetCount: 12,
  edges: [
    { edge: "edge-1", state: "applied", ms: 0, objects: 0, bytes: 0, differs: false },
    { edge: "edge-2", state: "fenced", ms: 0, objects: 0, bytes: 0, differs: false },
    { edge: "edge-3", state: "pending", ms: 0, objects: 0, bytes: 0, differs: false },
  ],
};

describe("admin-cli purges", () => {
  let edge: ScratchEdge;
  let limits: number[];

  beforeEach(async () => {
    edge = await startScratchEdge("edge-1");
    limits = [];
    edge.script.purges = ({ limit }) => {
      limits.push(limit);
      return answer({ edge: "edge-1", purges: [SOFT, RECORD] });
    };
  });
  afterEach(() => edge.stop());

  const purges = (...argv: string[]) => runAdminCli(["purges", "--edge", edge.address, ...argv]);

  it("prints one JSON document", async () => {
    const run = await purges("--json");
    expect(run).to.deep.include({ code: 0, stderr: "" });
    const document = JSON.parse(run.stdout);
    expect(document.edge).to.equal("edge-1");
    expect(document.purges[1]).to.deep.equal({
      purgeId: "p-1",
      position: "7-1",
      time: "2026-01-02T03:04:05.678Z",
      by: "127.0.0.1:5 via edge-1",
      soft: false,
      pace: null,
      targets: [{ url: "/a" }],
      targetCount: 1,
      edges: [
        { edge: "edge-1", state: "applied", ms: 1.256, objects: 2 },
        { edge: "edge-2", state: "applied", ms: 0, objects: 3 },
      ],
    });
    expect(document.purges[0].pace).to.equal(50);
    expect(document.purges[0].targets).to.deep.equal([{ tag: "news\u001b[2J", site: "shop" }]);
  });

  it("prints a line for each, with the worst of its receipts, and lets no tag write to the terminal", async () => {
    const { stdout } = await purges();
    expect(stdout).to.match(/^time +position +what +edges +objects +by +id$/m);
    expect(stdout).to.match(
      /^2026-01-02T03:04:05\.678Z +7-1 +\/a +applied on 2 +5 +127\.0\.0\.1:5 via edge-1 +p-1$/m,
    );
    expect(stdout).to.contain("soft tag news\\u{1b}[2J in shop and 11 more at 50/s  pending on edge-3");
  });

  it("asks for 20 unless told", async () => {
    await purges();
    await purges("--limit", "1000");
    expect(limits).to.deep.equal([20, 1_000]);
    const run = await purges("--limit", "1001");
    expect([run.code, run.stderr]).to.deep.equal([
      2,
      'admin-cli: --limit: must be a whole number from 1 to 1000, got "1001"\n',
    ]);
  });

  it("says so when there was none", async () => {
    edge.script.purges = () => answer({ edge: "edge-1", purges: [] });
    expect((await purges()).stdout).to.equal("edge-1 has applied no purge since its start\n");
  });
});
