import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { listen } from "../process/listen.ts";
import { runCommand } from "../test/rig/run-command.ts";
import { TerminalRun } from "../test/rig/terminal-run.ts";
import { allPorts, freeBase, HIGHEST_BASE, LOWEST_BASE, portsFrom, USUAL_PORTS } from "./system-ports.ts";

const HOST = "127.0.0.1";

describe("the ports of the one-command system", () => {
  it("are different ones, from the lowest base to the highest", () => {
    for (const ports of [USUAL_PORTS, portsFrom(LOWEST_BASE), portsFrom(HIGHEST_BASE)])
      expect(new Set(allPorts(ports)).size).to.equal(12);
    expect(Math.max(...allPorts(portsFrom(HIGHEST_BASE)))).to.equal(65_535);
  });

  it("are offered from the first base whose ports are all free", async () => {
    const taken = new Set([18_080, 28_103]);
    const isFree = async (_host: string, port: number) => !taken.has(port);
    expect(await freeBase(HOST, [18_080, 28_080, 8_180], isFree)).to.equal(8_180);
    expect(await freeBase(HOST, [18_080, 28_080], isFree)).to.equal(undefined);
  });
});

describe("npm start on ports that are in use", function () {
  this.timeout(120_000);
  const ROOT = join(import.meta.dirname, "..");
  let server: Server;
  let base: number;

  before(async () => {
    server = createServer();
    const taken = await listen(server, HOST, 0, "the test");
    base = Math.min(taken, HIGHEST_BASE);
  });
  after(() => server.close());

  it("names the port, and others that are free", async () => {
    const { code, stderr } = await runCommand(
      process.execPath,
      ["start/main.ts", "--ports", String(base)],
      ROOT,
      {},
    );
    expect(code).to.equal(1);
    expect(stderr)
      .to.contain("is in use")
      .and.match(/npm start -- --ports \d+\n$/);
  });

  it("asks at a terminal, and starts on the others", async function () {
    const run = TerminalRun.start(["start/main.ts", "--ports", String(base)]);
    if (run === undefined) this.skip();
    await run.says("[Y/n]");
    run.types("\n");
    await run.says("Ctrl-C stops everything");
    const [, edges = "", router] =
      /EDGECACHE_EDGE=(\S+) EDGECACHE_ROUTER=127.0.0.1:(\d+)/.exec(run.said) ?? [];
    expect(edges.split(",")).to.have.length(3);
    const answer = await fetch(`http://${HOST}:${Number(router) - 10}/hello.txt`);
    expect(answer.status).to.equal(200);
    run.types("\u0003");
    expect(await run.ended()).to.equal(0);
  });
});
