import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";

describe("admin-cli check", function () {
  this.timeout(20_000);
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-check-"));
    file = join(folder, "edge.yaml");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("says that the program would start, with the digest that the edge will show", async () => {
    writeFileSync(file, `sites:\n  - { name: a, hosts: [a.example], origin: ${folder} }\n`);
    const { code, stdout, stderr } = await runAdminCli(["check", file]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(/^right +npm run edge would start with this file; settings [0-9a-f]{8}\n$/);
  });

  it("tells every problem by field, rule and value, and exits with 1", async () => {
    writeFileSync(file, "lease: 1ms\nport: x\n");
    const { code, stdout } = await runAdminCli(["check", "--json", file, "--", "--origin", folder]);
    expect(code).to.equal(1);
    const { right, problems, settings } = JSON.parse(stdout);
    expect([right, settings, problems.length]).to.deep.equal([false, null, 2]);
    expect(problems.join("\n")).to.match(/edge.yaml.*port.*must be a whole number.*"x"/);
  });

  it("looks at the directories and certificates that the file names", async () => {
    writeFileSync(file, "sites:\n  - { name: a, origin: /no/such/folder }\n");
    expect((await runAdminCli(["check", file])).stdout).to.contain("/no/such/folder");
    writeFileSync(file, `origin: ${folder}\ntls-port: 0\ntls-cert: [none.pem]\ntls-key: [none.pem]\n`);
    const { code, stdout } = await runAdminCli(["check", file]);
    expect(code).to.equal(1);
    expect(stdout).to.match(/^problem +--tls-cert, --tls-key: .*none.pem/m);
  });

  it("reads the settings of a router with the flags after --", async () => {
    writeFileSync(file, "mode: proxy\n");
    const router = (...flags: string[]) =>
      runAdminCli(["check", "--program", "router", file, ...(flags.length === 0 ? [] : ["--", ...flags])]);
    expect((await router()).code).to.equal(1);
    expect((await router("--edges", "127.0.0.1:50051")).stdout).to.match(
      /^right +npm run router would start/,
    );
  });

  it("refuses what is no program, and no file", async () => {
    const { code, stderr } = await runAdminCli(["check", file, "--program", "varnish"]);
    expect(code).to.equal(2);
    expect(stderr).to.contain('--program: must be one of edge, router, start, got "varnish"');
    expect((await runAdminCli(["check"])).code).to.equal(2);
  });
});
