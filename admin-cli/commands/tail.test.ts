import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { Token } from "../../process/control/tokens.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { beatOf } from "../../test/rig/purge-log-entries.ts";
import { runAdminCli, startAdminCli } from "../../test/rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../../test/rig/test-edge.ts";
import { until } from "../../test/rig/until.ts";
import { line } from "./tail.ts";

const SEEN = {
  ...{ time: new Date(0), method: "GET", site: "s", client: "", status: 200, bytes: 1, durationMs: 12.3 },
  ...{ originMs: 0, outcome: "miss", cacheStatus: "", requestId: "", protocol: "HTTP/1.1", rules: [] },
};

describe("admin-cli tail", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let edge: TestEdge;

  before(async () => {
    origin = await HttpOrigin.start({
      "/page": { fields: [["Cache-Control", "max-age=600"]], body: "page" },
      "/mine": { fields: [["Cache-Control", "private"]], body: "mine" },
    });
    edge = await startTestEdge(origin.url);
  });

  after(async () => {
    await edge.stop();
    await origin.stop();
  });

  it("shows requests as they are answered, those that are asked for, until Ctrl-C", async () => {
    const child = startAdminCli([
      "tail",
      "--edge",
      edge.control,
      "--outcome",
      "miss",
      "--url-prefix",
      "/mine",
    ]);
    const complained = text(child.stderr);
    const lines: string[] = [];
    createInterface(child.stdout).on("line", (each) => lines.push(each));
    // Until the stream is open, nothing of it is seen.
    await until("a request is shown", async () => {
      await get(edge.url, "/page");
      await get(edge.url, "/mine");
      return lines.length >= 2;
    });
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).to.equal(0);
    expect(lines[0]).to.match(/^\d\d:\d\d:\d\d edge-1 miss +200 \d+ ms GET http:\/\/127\.0\.0\.1:\d+\/mine$/);
    expect(lines[1]).to.include("private");
    expect(lines.join()).to.not.include("/page");
    expect(await complained).to.match(/^admin-cli: \d+ requests shown, \d+ passed over\n$/);
  });

  it("follows the others when an edge refuses, and asks no edge at the address of another one", async () => {
    const purgeLog = new MemoryPurgeLog(systemClock);
    const open = await startTestEdge(origin.url, { id: "edge-1", purgeLog });
    const tokens = { token: new Token("a-token-of-edge-2"), readToken: undefined };
    const closed = await startTestEdge(origin.url, { id: "edge-2", purgeLog, tokens });
    await purgeLog.heartbeat({ ...beatOf("edge-9"), grpcAddress: open.control });
    try {
      const child = startAdminCli(["tail", "--edge", open.control, "--url-prefix", "/mine"]);
      let complained = "";
      child.stderr.on("data", (piece) => {
        complained += piece;
      });
      let shown = "";
      child.stdout.on("data", (piece) => {
        shown += piece;
      });
      await until("edges are left out, and a request is shown", async () => {
        await get(open.url, "/mine");
        return complained.includes("edge-2: ") && complained.includes("edge-9: ") && shown !== "";
      });
      child.kill("SIGINT");
      const [code] = await once(child, "close");
      expect(code).to.equal(0);
      expect(complained)
        .to.include(`edge-2: ${closed.control} refused the call`)
        .and.include(`edge-9: ${open.control} is now the address of edge-1`)
        .and.match(/\d+ requests shown, \d+ passed over\n$/);
      expect(shown).to.include(" edge-1 miss").and.not.include("edge-9");
    } finally {
      await open.stop();
      await closed.stop();
    }
  });

  it("cuts the middle of a long URL, and shows what terminals would obey as text", () => {
    const painter = { paint: (_: string, shown: string) => shown };
    const url = `http://h/${"a".repeat(200)}\u001b[2J/end`;
    const [first = "", second = ""] = line(painter, "edge-1", {
      ...SEEN,
      url,
      reason: "why",
      mend: "ttl: 1h",
    }).split("\n");
    expect(first.length).to.be.at.most(80);
    expect(first)
      .to.include("…")
      .and.to.match(/\/end$/);
    expect(first).to.not.include("\u001b");
    expect(second).to.equal("         why Mend: ttl: 1h");
  });

  for (const [argv, message] of [
    [["--rate", "0"], '--rate: must be a whole number from 1 to 200, got "0"'],
    [["--rate", "201"], '--rate: must be a whole number from 1 to 200, got "201"'],
    [["--status", "200"], '--status: must be 1xx, 2xx, 3xx, 4xx or 5xx, got "200"'],
  ] as const) {
    it(`exits 2 for ${argv.join(" ")}`, async () => {
      const run = await runAdminCli(["tail", "--edge", edge.control, ...argv]);
      expect(run).to.deep.equal({ code: 2, stdout: "", stderr: `admin-cli: ${message}\n` });
    });
  }

  it("tells what the edge refuses", async () => {
    const run = await runAdminCli(["tail", "--edge", edge.control, "--outcome", "hti"]);
    expect(run.code).to.equal(1);
    expect(run.stderr).to.include("outcomes: must be of hit, miss");
  });
});
