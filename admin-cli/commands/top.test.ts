import { expect } from "chai";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../../test/rig/test-edge.ts";

describe("admin-cli top", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let edge: TestEdge;

  before(async () => {
    origin = await HttpOrigin.start({
      "/page": { fields: [["Cache-Control", "max-age=600"]], body: "page" },
      "/mine": { fields: [["Cache-Control", "private"]], body: "mine" },
    });
    edge = await startTestEdge(origin.url);
    for (const path of ["/page", "/page", "/page", "/mine", "/mine"]) await get(edge.url, path);
  });

  after(async () => {
    await edge.stop();
    await origin.stop();
  });

  it("lists what is asked for most, and what misses with the reason", async () => {
    const most = await runAdminCli(["top", "--edge", edge.control, "--limit", "1", "--json"]);
    expect([most.code, most.stderr]).to.deep.equal([0, ""]);
    expect(JSON.parse(most.stdout).rows).to.have.length(1);
    expect(JSON.parse(most.stdout).rows[0]).to.include({ url: `${edge.url}/page`, requests: 3, misses: 1 });
    const misses = await runAdminCli(["top", "--edge", edge.control, "--by", "misses"]);
    const [head = "", first = ""] = misses.stdout.split("\n");
    expect(head).to.match(/^requests +misses +bytes +slowest +url +why/);
    expect(first).to.include("/mine").and.to.include("private");
  });

  for (const [argv, message] of [
    [["--by", "size"], '--by: must be one of requests, bytes, slowest, misses, got "size"'],
    [["--limit", "0"], '--limit: must be a whole number from 1 to 100, got "0"'],
    [["--limit", "101"], '--limit: must be a whole number from 1 to 100, got "101"'],
  ] as const) {
    it(`exits 2 for ${argv.join(" ")}`, async () => {
      const run = await runAdminCli(["top", "--edge", edge.control, ...argv]);
      expect(run).to.deep.equal({ code: 2, stdout: "", stderr: `admin-cli: ${message}\n` });
    });
  }
});
