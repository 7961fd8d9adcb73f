import { expect } from "chai";
import manifest from "../package.json" with { type: "json" };
import { runAdminCli } from "../test/rig/run-admin-cli.ts";

describe("admin-cli", () => {
  it("prints its commands, and exits 0, when asked for help", async () => {
    const run = await runAdminCli(["--help"]);
    expect(run).to.include({ code: 0, stderr: "" });
    for (const name of ["purge", "stats", "ping", "edges", "explain"])
      expect(run.stdout).to.match(new RegExp(`^  ${name} `, "m"));
  });

  it("prints the options of a command, whatever else is wrong", async () => {
    const run = await runAdminCli(["purge", "--nonsense", "--help"]);
    expect(run).to.include({ code: 0, stderr: "" });
    expect(run.stdout).to.contain("--purge-id <id>");
  });

  it("prints the same with the command help, and exits 2 with it when nothing is asked", async () => {
    const { stdout } = await runAdminCli(["--help"]);
    expect(await runAdminCli(["help"])).to.deep.equal({ code: 0, stdout, stderr: "" });
    expect(await runAdminCli([])).to.deep.equal({ code: 2, stdout, stderr: "" });
    const { stdout: ping } = await runAdminCli(["ping", "--help"]);
    expect(await runAdminCli(["help", "ping"])).to.deep.equal({ code: 0, stdout: ping, stderr: "" });
  });

  it("prints a JSON document with the error on stdout when --json was asked for", async () => {
    const problem = 'url: must be a path beginning with "/" or an http(s) URL, got "a"';
    expect(await runAdminCli(["purge", "a", "--json"])).to.deep.equal({
      code: 2,
      stdout: `${JSON.stringify({ error: problem, code: "bad-usage" })}\n`,
      stderr: `admin-cli: ${problem}\n`,
    });
    const { code, stdout } = await runAdminCli(["ping", "--edge", "127.0.0.1:1", "--json"]);
    expect([code, JSON.parse(stdout)]).to.deep.equal([
      1,
      { error: "no edge answers at 127.0.0.1:1", code: "edge-unreachable" },
    ]);
    const { stdout: without } = await runAdminCli(["--json"]);
    expect(JSON.parse(without)).to.have.property("code", "bad-usage");
  });

  it("prints its version", async () => {
    expect(await runAdminCli(["--version"])).to.deep.equal({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
  });

  const misused: [argv: string[], stderr: string][] = [
    [["prge", "/a"], 'unknown command "prge"; did you mean purge?'],
    [
      ["--edge", "127.0.0.1:1", "purge"],
      "purge: must name a URL, a path, --prefix, --tag or --all, got nothing",
    ],
    [["purge", "hello.txt"], 'url: must be a path beginning with "/" or an http(s) URL, got "hello.txt"'],
    [["purge", "/a\nb"], 'url: must not hold control characters, got "/a\\nb"'],
    [["purge", "/a", "--sofd"], 'purge: unknown option "--sofd"; did you mean --soft?'],
    [["purge", "/a", "--wait"], 'purge: option needs a value, got "--wait"'],
    [["purge", "/a", "--json=1"], 'purge: option takes no value, got "--json"'],
    [
      ["purge", "/a", "--wait", "5"],
      '--wait: must be a duration from 0 to 60s, such as 35ms, 5s or 1m, got "5"',
    ],
    [["purge", "/a", "--wait", "1s", "--no-wait"], '--wait: must not be given with --no-wait, got "1s"'],
    [
      ["purge", "/a", "--purge-id", "a b"],
      '--purge-id: must be 1 to 64 characters of A-Z a-z 0-9 . _ -, got "a b"',
    ],
    [["stats", "edge-1"], 'stats: takes no arguments, got "edge-1"'],
  ];
  for (const [argv, stderr] of misused) {
    it(`exits 2 with one line for: ${JSON.stringify(argv)}`, async () => {
      expect(await runAdminCli(argv)).to.deep.equal({
        code: 2,
        stdout: "",
        stderr: `admin-cli: ${stderr}\n`,
      });
    });
  }
});
