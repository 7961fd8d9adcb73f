import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { runAdminCli } from "../../test/rig/run-admin-cli.ts";

describe("admin-cli completion", () => {
  const words: [typed: string[], offered: string[]][] = [
    [["ro"], ["route", "roll"]],
    [["purge", "--so"], ["--soft"]],
    [["--json", "purge", "/a", "--dr"], ["--dry-run"]],
    [
      ["check", "a.yaml", "--program", ""],
      ["edge", "router", "start"],
    ],
    [
      ["completion", ""],
      ["bash", "zsh", "fish", "--help"],
    ],
    [["help", "sig"], ["sign"]],
    [["purge", "/pictu"], []],
  ];

  it("offers bash the commands, their options and the words that an option takes", async function () {
    if (!shellIsHere("bash")) this.skip();
    const { stdout: script } = await runAdminCli(["completion", "bash"]);
    for (const [typed, offered] of words) {
      const line = ["edgecache", ...typed].map((word) => `'${word}'`).join(" ");
      const ask = `COMP_WORDS=(${line}); COMP_CWORD=${typed.length}; _edgecache; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", `${script}\n${ask}`], { encoding: "utf8" });
      expect({ typed, offered: stdout.split("\n").filter(Boolean), stderr }).to.deep.equal({
        typed,
        offered,
        stderr: "",
      });
    }
  });

  for (const shell of ["zsh", "fish"]) {
    it(`makes a script that ${shell} can read`, async function () {
      if (!shellIsHere(shell)) this.skip();
      const { stdout: script } = await runAdminCli(["completion", shell]);
      const { status, stderr } = spawnSync(shell, ["-n"], { input: script, encoding: "utf8" });
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: "" });
    });
  }

  it("names every option of a command for zsh and fish, with its help", async () => {
    const { stdout: zsh } = await runAdminCli(["completion", "zsh"]);
    expect(zsh).to.match(/^#compdef edgecache admin-cli\n/);
    expect(zsh).to.match(/^ {4}edges\) options=\('--edge:gRPC address .*'--json:/m);
    const { stdout: fish } = await runAdminCli(["completion", "fish"]);
    expect(fish).to.contain("-n '__fish_seen_subcommand_from stats' -l watch -d '");
    expect(fish).to.contain("-l program -x -a 'edge router start'");
  });

  it("exits 2 for a shell that it does not know", async () => {
    expect(await runAdminCli(["completion", "tcsh"])).to.deep.equal({
      code: 2,
      stdout: "",
      stderr: 'admin-cli: completion: takes one of bash, zsh, fish, got "tcsh"\n',
    });
  });
});

function shellIsHere(shell: string): boolean {
  return spawnSync(shell, ["-c", ":"]).status === 0;
}
