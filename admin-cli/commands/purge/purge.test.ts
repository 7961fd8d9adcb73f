import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import type { PurgeRecord, PurgeResponse } from "../../../proto/gen/edgecache/v1/edge.ts";
import { runAdminCli } from "../../../test/rig/run-admin-cli.ts";
import {
  answer,
  appliedPurge,
  held,
  refusal,
  type ScratchEdge,
  silence,
  startScratchEdge,
} from "../../../test/rig/scratch-edge.ts";
import { TerminalRun } from "../../../test/rig/terminal-run.ts";

// A port that nothing listens on: binding it needs a privilege, and no service of this system is there.
const NOBODY = "127.0.0.1:1";

describe("admin-cli purge", () => {
  let edge: ScratchEdge;

  beforeEach(async () => {
    edge = await startScratchEdge("edge-1");
  });
  afterEach(() => edge.stop());

  const purge = (...argv: string[]) => runAdminCli(["purge", "--edge", edge.address, ...argv]);

  it("sends every target in one request, waits 5 s unless told, and prints receipts and proof", async () => {
    edge.script.purge = (request) => answer(appliedPurge(request, ["edge-1", "edge-2"]));
    const run = await purge(
      "/a?b=1",
      "http://shop.example/x",
      "--prefix",
      "/im",
      "--tag",
      "news",
      "--site",
      "s",
    );
    const [request] = edge.purges;
    expect(request?.targets.map(({ target }) => target)).to.deep.equal([
      { $case: "url", url: "/a?b=1" },
      { $case: "url", url: "http://shop.example/x" },
      { $case: "prefix", prefix: "/im" },
      { $case: "tag", tag: "news" },
    ]);
    expect(request).to.deep.include({ soft: false, dryRun: false, wait: { seconds: 5, nanos: 0 } });
    expect(request?.purgeId).to.match(/^[\da-f-]{36}$/);
    expect(run).to.deep.equal({
      code: 0,
      stderr: "",
      stdout:
        "edge-1  applied  1.3 ms  2 objects\nedge-2  applied  1.3 ms  2 objects\n" +
        `purge ${request?.purgeId} at 1-5: applied on 2 of 2 edges\n`,
    });
  });

  it("asks at a terminal before it purges everything, unless it is told not to", async function () {
    const start = (...more: string[]) =>
      TerminalRun.start(["admin-cli/bin.mjs", "purge", "--all", "--edge", edge.address, ...more]);
    const refused = start();
    if (refused === undefined) this.skip();
    await refused.says("Remove every stored response from every edge?");
    refused.types("\n");
    expect(await refused.ended()).to.equal(1);
    expect(refused.said).to.contain("nothing was purged: --yes does not ask");
    expect(edge.purges).to.have.length(0);
    const agreed = start("--soft");
    await agreed?.says("stale on every edge?");
    agreed?.types("y\n");
    expect(await agreed?.ended()).to.equal(0);
    expect(await start("--yes")?.ended()).to.equal(0);
    expect(edge.purges).to.have.length(2);
  });

  it("shows at a terminal for which edges it waits, as their receipts come", async function () {
    const other = Promise.withResolvers<void>();
    edge.script.purge = (request) => held(other.promise, appliedPurge(request, ["edge-1", "edge-2"]));
    const receipt = (id: string, state: string) => ({
      ...{ edge: id, state, ms: 0, objects: 0 },
      ...{ bytes: 0, differs: false },
    });
    const record: PurgeRecord = {
      ...{ purgeId: "p", position: "1-5", time: undefined, by: "", soft: false, pace: 0, targets: [] },
      targetCount: 0,
      edges: [receipt("edge-1", "applied"), receipt("edge-2", "pending")],
    };
    edge.script.purges = () => answer({ edge: "edge-1", purges: [record] });
    const run = TerminalRun.start([
      ...["admin-cli/bin.mjs", "purge", "/a", "--purge-id", "p", "--edge", edge.address],
    ]);
    if (run === undefined) this.skip();
    await run.says("1 of 2 edges, waiting for edge-2");
    other.resolve();
    await run.says("applied on 2 of 2 edges");
    expect(await run.ended()).to.equal(0);
  });

  it("passes on --all, --soft, --pace, --wait, --rebound and --purge-id", async () => {
    const times = ["--wait", "1500ms", "--rebound", "2s"];
    await purge("--all", "--soft", "--pace", "50/s", ...times, "--purge-id", "release-7");
    expect(edge.purges).to.deep.equal([
      {
        purgeId: "release-7",
        targets: [{ target: { $case: "everything", everything: true }, site: "" }],
        soft: true,
        dryRun: false,
        wait: { seconds: 1, nanos: 500_000_000 },
        rebound: { seconds: 2, nanos: 0 },
        pace: 50,
      },
    ]);
  });

  const PACE_RULE = "must be a whole number from 1 to 1000, followed by /s, such as 50/s";
  const paces: [what: string, argv: string[], rule: string, shown: string][] = [
    ["without --soft", ["--pace", "50/s"], "must be given with --soft", '"50/s"'],
    ["without its unit", ["--soft", "--pace", "50"], PACE_RULE, '"50"'],
    ["of another unit", ["--soft", "--pace", "50/m"], PACE_RULE, '"50/m"'],
    ["of nothing", ["--soft", "--pace", "0/s"], PACE_RULE, '"0/s"'],
    ["beyond its limit", ["--soft", "--pace", "1001/s"], PACE_RULE, '"1001/s"'],
  ];
  for (const [what, argv, rule, shown] of paces) {
    it(`refuses a pace ${what}, before it calls anybody`, async () => {
      const run = await purge("/a", ...argv);
      expect(run).to.deep.equal({
        code: 2,
        stdout: "",
        stderr: `admin-cli: --pace: ${rule}, got ${shown}\n`,
      });
      expect(edge.purges).to.deep.equal([]);
    });
  }

  it("prints one JSON document with --json", async () => {
    const run = await purge("/a", "--purge-id", "p-1", "--json");
    expect(run).to.deep.equal({
      code: 0,
      stderr: "",
      stdout:
        '{"purgeId":"p-1","position":"1-5","outcome":"applied","edges":[{"edge":"edge-1","state":"applied","ms":1.25,"objects":2}]}\n',
    });
  });

  const outcomes: [outcome: string, states: string[], code: number][] = [
    ["applied", ["applied", "fenced"], 0],
    ["pending", ["applied", "pending"], 1],
    ["rejected", [], 1],
    ["unknown", [], 1],
  ];
  for (const [outcome, states, code] of outcomes) {
    it(`exits ${code} when a purge is ${outcome}${states.length > 0 ? ` with ${states.join(", ")}` : ""}, and prints its document`, async () => {
      edge.script.purge = ({ purgeId }) => answer(response(purgeId, outcome, states));
      const run = await purge("/a", "--json");
      expect(run.code).to.equal(code);
      expect(JSON.parse(run.stdout)).to.include({ outcome, purgeId: edge.purges[0]?.purgeId });
      if (code === 0) expect(run.stderr).to.equal("");
      else expect(run.stderr).to.match(/^admin-cli: purge .*\n$/);
    });
  }

  it("does not wait with --no-wait, and exits 1 because nothing is proven", async () => {
    edge.script.purge = ({ purgeId }) => answer(response(purgeId, "pending", ["pending"]));
    const run = await purge("/a", "--no-wait");
    expect(edge.purges[0]?.wait).to.deep.equal({ seconds: 0, nanos: 0 });
    expect(run.code).to.equal(1);
    expect(run.stderr).to.equal(
      `admin-cli: purge not proven yet: pending on edge-1; safe to repeat with --purge-id ${edge.purges[0]?.purgeId}\n`,
    );
  });

  describe("with --dry-run", () => {
    let other: ScratchEdge;

    beforeEach(async () => {
      other = await startScratchEdge("edge-2");
      const gone = { ...other.member(), edge: "edge-3", grpcAddress: NOBODY };
      edge.script.members = [edge.member(), other.member(), gone];
      for (const [{ id, script }, objects] of [
        [edge, 2],
        [other, 5],
      ] as const) {
        const receipt = {
          edge: id,
          state: "pending",
          ms: 0,
          objects,
          bytes: objects * 1_000,
          differs: false,
        };
        script.purge = ({ purgeId }) =>
          answer({ purgeId, position: "", outcome: "pending", edges: [receipt], detail: "" });
      }
    });
    afterEach(() => other.stop());

    it("asks every edge itself, sums up, says that nothing was purged, and exits 0", async () => {
      const run = await purge("/a", "--dry-run");
      expect([...edge.purges, ...other.purges].map(({ dryRun }) => dryRun)).to.deep.equal([true, true]);
      expect(run).to.deep.equal({
        code: 0,
        stderr: "",
        stdout:
          "edge-1  would purge  2 objects  2000 bytes\nedge-2  would purge  5 objects  5000 bytes\n" +
          "edge-3  unreachable\ndry run: nothing was purged of 7 objects, 7000 bytes\n",
      });
    });

    it("prints the contract's document, with bytes", async () => {
      const { stdout } = await purge("/a", "--dry-run", "--json", "--purge-id", "p-1");
      expect(JSON.parse(stdout)).to.deep.equal({
        purgeId: "p-1",
        position: "",
        outcome: "pending",
        edges: [
          { edge: "edge-1", state: "pending", ms: 0, objects: 2, bytes: 2_000 },
          { edge: "edge-2", state: "pending", ms: 0, objects: 5, bytes: 5_000 },
          { edge: "edge-3", state: "unreachable", ms: 0, objects: 0, bytes: 0 },
        ],
      });
    });

    it("repeats what an edge says that refuses it", async () => {
      other.script.purge = () => refusal(status.UNAUTHENTICATED, "authorization: must be a token: got none");
      const run = await purge("/a", "--dry-run");
      expect([run.code, run.stderr]).to.deep.equal([
        1,
        `admin-cli: ${other.address} refused the call: set EDGECACHE_TOKEN to the fleet's token (got none)\n`,
      ]);
    });
  });

  it("comes with the token of EDGECACHE_TOKEN, and with none when there is none", async () => {
    await runAdminCli(["purge", "/a", "--edge", edge.address], { EDGECACHE_TOKEN: "s3cret" });
    await runAdminCli(["purge", "/a", "--edge", edge.address], { EDGECACHE_TOKEN: "" });
    expect(edge.authorizations).to.deep.equal(["Bearer s3cret", undefined]);
  });

  describe("with many targets", () => {
    const list = Array.from({ length: 2_500 }, (_, i) => `/item/${i}\n`).join("");

    function purgeList(...argv: string[]) {
      return runAdminCli(["purge", "--edge", edge.address, ...argv], {}, list);
    }

    it("reads them from standard input, sends them in calls of up to 1000, and sums up", async () => {
      let seq = 0;
      edge.script.purge = (request) => {
        seq += 1;
        return answer({ ...appliedPurge(request, ["edge-1"]), position: `1-${seq}` });
      };
      const run = await purgeList("-", "/first", "--purge-id", "release-7", "--json");
      expect(edge.purges.map(({ purgeId, targets }) => [purgeId, targets.length])).to.deep.equal([
        ["release-7.1", 1_000],
        ["release-7.2", 1_000],
        ["release-7.3", 501],
      ]);
      expect(edge.purges[0]?.targets[0]?.target).to.deep.equal({ $case: "url", url: "/first" });
      expect(run).to.deep.equal({
        code: 0,
        stderr: "",
        stdout:
          '{"purgeId":"release-7","position":"1-3","outcome":"applied","edges":[{"edge":"edge-1","state":"applied","ms":1.25,"objects":6}]}\n',
      });
    });

    it("reads them from --file -, too", async () => {
      expect((await purgeList("--file", "-")).code).to.equal(0);
      expect(edge.purges).to.have.length(3);
    });

    it("waits for the last only, once one was late, because an edge applies them in order", async () => {
      edge.script.purge = ({ purgeId }) =>
        answer(response(purgeId, purgeId.endsWith(".1") ? "pending" : "applied", ["applied"]));
      expect((await purgeList("-", "--wait", "3s")).code).to.equal(0);
      expect(edge.purges.map(({ wait }) => wait?.seconds)).to.deep.equal([3, 0, 3]);
    });

    it("stops at a call that the purge log does not take, and says at which", async () => {
      edge.script.purge = ({ purgeId }) =>
        answer(response(purgeId, purgeId.endsWith(".2") ? "rejected" : "applied", []));
      const run = await purgeList("-", "--purge-id", "p");
      expect(edge.purges).to.have.length(2);
      expect([run.code, run.stderr]).to.deep.equal([
        1,
        "admin-cli: purge rejected by the purge log at call 2 of 3; safe to repeat with --purge-id p\n",
      ]);
    });

    it("refuses a list that cannot be read, before it calls anybody", async () => {
      const run = await purge("--file", "/nowhere/list.txt");
      expect(run.code).to.equal(2);
      expect(run.stderr).to.match(/^admin-cli: --file: must be a file that can be read .*\n$/);
      expect(edge.purges).to.have.length(0);
    });
  });

  it("repeats what an edge says of a purge that it refuses, in one line, and tries no other edge", async () => {
    const other = await startScratchEdge("edge-2");
    edge.script.purge = () => refusal(status.INVALID_ARGUMENT, "targets[0].tag: must not be empty:\n''");
    const run = await purge("/a", "--edge", other.address, "--json");
    await other.stop();
    expect(other.purges).to.have.length(0);
    expect(run).to.deep.equal({
      code: 1,
      stdout: `${JSON.stringify({ error: `${edge.address} refused the call: targets[0].tag: must not be empty:\n''`, code: "refused" })}\n`,
      stderr: `admin-cli: ${edge.address} refused the call: targets[0].tag: must not be empty:\\u{a}''\n`,
    });
  });

  it("says in one line that no edge answers", async () => {
    expect(await runAdminCli(["purge", "/a", "--json", "--edge", NOBODY])).to.deep.equal({
      code: 1,
      stdout: `${JSON.stringify({ error: `no edge answers at ${NOBODY}`, code: "edge-unreachable" })}\n`,
      stderr: `admin-cli: no edge answers at ${NOBODY}\n`,
    });
  });

  it("goes to the next edge when the first is dead", async () => {
    const run = await runAdminCli(["purge", "/a"], { EDGECACHE_EDGE: `${NOBODY},${edge.address}` });
    expect(run.code).to.equal(0);
    expect(edge.purges).to.have.length(1);
  });

  it("repeats a purge that was cut off at the next edge, under the same id", async () => {
    const other = await startScratchEdge("edge-2");
    edge.script.purge = () => refusal(status.UNAVAILABLE, "the edge stops");
    const run = await purge("/a", "--edge", other.address);
    await other.stop();
    expect(run.code).to.equal(0);
    expect(other.purges[0]?.purgeId).to.equal(edge.purges[0]?.purgeId);
  });

  it("calls the outcome unknown when the edge took the call and never answered, and says how to repeat it", async () => {
    edge.script.purge = () => silence;
    const run = await purge("/a", "--wait", "0", "--purge-id", "p-1", "--json");
    expect(run).to.deep.equal({
      code: 1,
      stdout: '{"purgeId":"p-1","position":"","outcome":"unknown","edges":[]}\n',
      stderr: `admin-cli: purge outcome unknown (no answer in time from ${edge.address}); safe to repeat with --purge-id p-1\n`,
    });
  });
});

function response(purgeId: string, outcome: string, states: readonly string[]): PurgeResponse {
  const edges = states.map((state, i) => ({
    edge: `edge-${i + 1}`,
    state,
    ms: 1.25,
    objects: 2,
    bytes: 0,
    differs: false,
  }));
  return { purgeId, position: "1-5", outcome, edges, detail: "" };
}
