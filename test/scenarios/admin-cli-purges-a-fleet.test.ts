import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { Token } from "../../process/control/tokens.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { type CliResult, runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const TOKEN = "s3cret-of-this-fleet";
const READ_TOKEN = "of-the-dashboards";

describe("admin-cli with a fleet that has a token", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: [TestEdge, TestEdge];

  before(async () => {
    const fields = [["Cache-Control", "max-age=600"]] as const;
    origin = await HttpOrigin.start({ "/a": { fields, body: "a" }, "/b": { fields, body: "b" } });
    purgeLog = new MemoryPurgeLog(systemClock);
    const start = (id: string) =>
      startTestEdge(origin.url, {
        id,
        purgeLog,
        tokens: { token: new Token(TOKEN), readToken: new Token(READ_TOKEN) },
      });
    edges = [await start("edge-1"), await start("edge-2")];
    await get(edges[0].url, "/a");
    for (const target of ["/a", "/b"]) await get(edges[1].url, target);
  });

  after(async () => {
    for (const edge of edges) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });

  const cli = (env: Record<string, string>, ...argv: string[]): Promise<CliResult> =>
    runAdminCli([...argv, "--json", "--edge", edges[0].control], env);
  const reading = (...argv: string[]) => cli({ EDGECACHE_READ_TOKEN: READ_TOKEN }, ...argv);
  const withToken = (...argv: string[]) => cli({ EDGECACHE_TOKEN: TOKEN }, ...argv);

  it("purges nothing without it, tells what would go on each edge, and then purges on both", async () => {
    const refused = await cli({}, "purge", "--prefix", "/");
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.match(
      / refused the call: set EDGECACHE_TOKEN to the fleet's token \(got none\)\n$/,
    );

    const dry = JSON.parse((await withToken("purge", "--prefix", "/", "--dry-run")).stdout);
    const objects = (edge: { edge: string; objects: number }) => [edge.edge, edge.objects];
    expect(dry.edges.map(objects)).to.deep.equal([
      ["edge-1", 1],
      ["edge-2", 2],
    ]);
    expect(dry.edges[1].bytes).to.be.greaterThan(dry.edges[0].bytes);
    expect((await get(edges[1].url, "/b")).header("x-cache")).to.equal("HIT");

    const purged = await withToken("purge", "--prefix", "/", "--purge-id", "release-7");
    expect(purged.code).to.equal(0);
    const { edges: receipts, position } = JSON.parse(purged.stdout);
    expect(receipts.map(objects)).to.deep.equal(dry.edges.map(objects));
    expect((await get(edges[1].url, "/b")).header("x-cache")).to.equal("MISS");

    const { purges } = JSON.parse((await reading("purges")).stdout);
    expect(purges).to.have.length(1);
    expect(purges[0]).to.deep.include({ purgeId: "release-7", position, targets: [{ prefix: "/" }] });
    expect(purges[0].edges.map(objects)).to.deep.equal(receipts.map(objects));
  });

  for (const command of [["stats"], ["ping"], ["edges"], ["purges"], ["explain", "/a"]]) {
    it(`answers ${command.join(" ")} with either token, and with neither says which to set`, async () => {
      for (const run of [await reading(...command), await withToken(...command)]) {
        expect([run.code, run.stderr]).to.deep.equal([0, ""]);
        expect(run.stdout).to.contain("edge-1").and.not.to.contain("unreachable");
      }
      const refused = await cli({}, ...command);
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.match(/ set EDGECACHE_TOKEN .* or EDGECACHE_READ_TOKEN .*\(got none\)\n$/);
    });
  }

  it("purges and forgets nothing with the read token", async () => {
    for (const command of [
      ["purge", "/a"],
      ["purge", "/a", "--dry-run"],
      ["edges", "forget", "edge-9"],
    ]) {
      const { code, stderr } = await reading(...command);
      expect(code).to.equal(1);
      expect(stderr).to.match(/ set EDGECACHE_TOKEN to the fleet's token \(got the read token\)\n$/);
    }
  });

  it("forgets no edge that is there", async () => {
    const run = await withToken("edges", "forget", "edge-2");
    expect(run.code).to.equal(1);
    expect(run.stderr).to.contain("edge: must have been silent for longer than its lease");
    expect((await withToken("edges", "forget", "edge-9")).stderr).to.contain(
      "must be in the heartbeat table",
    );
  });
});
