import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
    expect(stdout).to.match(/^right +edge would start with this file; settings [0-9a-f]{8}\n$/);
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

  it("warns of keys of signed URLs that every user can read", async () => {
    const keys = join(folder, "keys");
    writeFileSync(keys, "k1 0123456789abcdef0123456789abcdef\n");
    const signed = `{ name: a, origin: ${folder}, sign-keys: ${keys}, sign-paths: [/private/**] }`;
    writeFileSync(file, `sites:\n  - ${signed}\n`);
    const warned = async (mode: number) => {
      chmodSync(keys, mode);
      const { code, stdout } = await runAdminCli(["check", "--json", file]);
      return [code, JSON.parse(stdout).warnings];
    };
    expect(await warned(0o600)).to.deep.equal([0, []]);
    expect(await warned(0o604)).to.deep.equal([
      0,
      ['sign-keys of site "a": every user of this machine can read the file; chmod 600 prevents it'],
    ]);
  });

  it("reads the settings of a router with the flags after --", async () => {
    writeFileSync(file, "mode: proxy\n");
    const router = (...flags: string[]) =>
      runAdminCli(["check", "--program", "router", file, ...(flags.length === 0 ? [] : ["--", ...flags])]);
    expect((await router()).code).to.equal(1);
    expect((await router("--edges", "127.0.0.1:50051")).stdout).to.match(/^right +router would start/);
  });

  it("refuses what is no program, and no file", async () => {
    const { code, stderr } = await runAdminCli(["check", file, "--program", "varnish"]);
    expect(code).to.equal(2);
    expect(stderr).to.contain('--program: must be one of edge, router, start, got "varnish"');
    expect((await runAdminCli(["check"])).code).to.equal(2);
  });

  for (const flag of ["before", "host", "assume-ttl"]) {
    it(`refuses --${flag} without a record to play`, async () => {
      writeFileSync(file, `origin: ${folder}\n`);
      const { code, stdout, stderr } = await runAdminCli(["check", file, `--${flag}`, "1s"]);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.contain(`check: --${flag}: must be given together with --from, got "1s" alone`);
    });
  }

  describe("with a record", () => {
    const line = (second: number, target: string) =>
      `1.2.3.4 - - [10/Oct/2026:13:55:${second} +0000] "GET ${target} HTTP/1.1" 200 100`;

    it("prints the hit ratio that its requests would have had, without the rules and with them", async () => {
      const rule = "{ match: { path: /** }, key: { query: { ignore: [utm_*] } } }";
      writeFileSync(file, `sites:\n  - { name: a, origin: ${folder}, rules: [${rule}] }\n`);
      const record = join(folder, "access.log");
      writeFileSync(record, [line(10, "/a?utm_id=1"), line(11, "/a?utm_id=2"), "?"].join("\n"));
      const { code, stdout } = await runAdminCli(["check", file, "--from", record]);
      expect(code).to.equal(0);
      expect(stdout).to.match(/^hit ratio +0\.0 % +50\.0 %$/m);
      expect(stdout).to.match(/^1 lines or entries were no requests by HTTP$/m);
      const { before, after } = JSON.parse(
        (await runAdminCli(["check", file, "--json", "--from", record])).stdout,
      );
      expect([before.misses, after.misses, after.hits]).to.deep.equal([2, 1, 1]);
    });

    it("says what is wrong with the record, the time or the file", async () => {
      writeFileSync(file, `sites:\n  - { name: a, origin: ${folder} }\n`);
      const check = async (...argv: string[]) => await runAdminCli(["check", file, ...argv]);
      expect((await check("--from", "/no/such/log")).stderr).to.match(
        /--from: must be a file that can be read/,
      );
      expect((await check("--from", file)).stderr).to.contain("--from: must be a HAR file, or an access log");
      expect((await check("--from", file, "--assume-ttl", "soon")).stderr).to.contain(
        "--assume-ttl: must be",
      );
      const record = join(folder, "access.log");
      writeFileSync(record, line(10, "/a"));
      const wrong = await check("--from", record, "--before", "/no/such/file");
      expect([wrong.code, wrong.stderr.includes("/no/such/file")]).to.deep.equal([1, true]);
    });
  });
});
