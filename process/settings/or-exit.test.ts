import { spawnSync } from "node:child_process";
import { expect } from "chai";

function run(...argv: string[]) {
  const resolve = (path: string) => JSON.stringify(import.meta.resolve(path));
  const program = `
    import { setting } from ${resolve("./program.ts")};
    import { readSettings } from ${resolve("./read-settings.ts")};
    import { settingsOrExit } from ${resolve("./or-exit.ts")};
    import { port } from ${resolve("./values.ts")};
    const program = { name: "node", usage: "npm run node --", summary: "A node.",
      settings: { port: setting({ type: port, default: 1, help: "Its port." }) } };
    process.stdout.write(String(settingsOrExit(program, (input) => readSettings(program, input)).port));`;
  // With --eval nothing stands where a program's own path does.
  const args = ["--input-type=module", "--eval", program, "--", "path", ...argv];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("how a program begins", () => {
  it("reads its settings from the command line", () => {
    expect(run("--port", "7")).to.deep.equal({ status: 0, stdout: "7", stderr: "" });
  });

  it("prints one line per problem on stderr and exits with 2", () => {
    expect(run("--port", "x", "--prot", "1")).to.deep.equal({
      status: 2,
      stdout: "",
      stderr:
        "node: --prot: is not a flag of this program; did you mean --port?\n" +
        'node: --port: must be a whole number from 0 to 65535, got "x"\n',
    });
  });

  it("prints the help and exits with 0, whatever else is given", () => {
    const { status, stdout, stderr } = run("--port", "x", "--help");
    expect([status, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.contain("usage: npm run node -- [flags]");
  });
});
