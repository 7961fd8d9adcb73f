import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { freePort } from "../rig/free-port.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { refusal, type ScratchEdge, silence, startScratchEdge } from "../rig/scratch-edge.ts";

const WRONG_TOKEN = "authorization: must be Bearer <EDGECACHE_TOKEN>: got another token";

describe("admin-cli with several edges", function () {
  this.timeout(60_000);
  let first: ScratchEdge;
  let second: ScratchEdge;

  beforeEach(async () => {
    first = await startScratchEdge("edge-1");
    second = await startScratchEdge("edge-2");
    second.script.members = [second.member()];
  });
  afterEach(() => Promise.all([first.stop(), second.stop()]));

  const commands = [
    ["edges"],
    ["stats"],
    ["doctor"],
    ["purge", "/a"],
    ["purges"],
    ["edges", "forget", "edge-3"],
  ];
  const by = (argv: string[], ...addresses: string[]) =>
    runAdminCli(argv, { EDGECACHE_EDGE: addresses.join(",") });

  for (const argv of commands) {
    it(`asks the next when the first refuses the connection, or hangs: ${argv.join(" ")}`, async () => {
      const nobody = `127.0.0.1:${await freePort()}`;
      expect(await by(argv, nobody, second.address)).to.include({ code: 0, stderr: "" });
      first.script.ping = () => silence;
      expect(await by(argv, first.address, second.address)).to.include({ code: 0, stderr: "" });
    });
  }

  it("passes over one that takes another token, and says so", async () => {
    first.script.stats = () => refusal(status.UNAUTHENTICATED, WRONG_TOKEN);
    const run = await by(["edges"], first.address, second.address);
    expect(run.code).to.equal(0);
    expect(run.stdout).to.match(/^edge-2 +serving/m);
    expect(run.stderr).to.equal(
      `admin-cli: passed over: ${first.address} refused the call: set EDGECACHE_TOKEN to the fleet's token (got another token)\n`,
    );
  });

  it("passes over one that hangs after its Ping", async () => {
    first.script.stats = () => silence;
    const run = await by(["stats"], first.address, second.address);
    expect(run).to.include({
      code: 0,
      stderr: `admin-cli: passed over: no answer in time from ${first.address}\n`,
    });
  });

  it("repeats the refusal when every edge takes another token", async () => {
    for (const { script } of [first, second])
      script.stats = () => refusal(status.UNAUTHENTICATED, WRONG_TOKEN);
    const run = await by(["edges"], first.address, second.address);
    expect(run.code).to.equal(1);
    expect(run.stderr).to.equal(
      `admin-cli: ${first.address} refused the call: set EDGECACHE_TOKEN to the fleet's token (got another token)\n`,
    );
  });
});
