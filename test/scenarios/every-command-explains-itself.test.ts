import { expect } from "chai";
import { COMMANDS } from "../../admin-cli/command-table.ts";
import { commandHelp } from "../../admin-cli/help-page.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";

describe("every command of admin-cli", function () {
  this.timeout(20_000);

  for (const row of COMMANDS) {
    it(`has help with examples and its exit codes: ${row.name}`, async () => {
      const command = await row.load();
      expect(command.examples).to.not.deep.equal([]);
      expect(command.notes.filter((note) => /^Exit codes: 0 .*\b[12] /s.test(note))).to.have.length(1);
      const help = commandHelp(row, command, { name: "edgecache", programs: [], commands: COMMANDS });
      expect(help).to.contain(`  edgecache ${row.name}`);
    });

    it(`says as a document, without colour, that an option is wrong: ${row.name}`, async () => {
      const json = "json" in (await row.load()).options;
      const argv = [row.name, "--no-such-option", ...(json ? ["--json"] : [])];
      const { code, stdout, stderr } = await runAdminCli(argv, { NO_COLOR: "1" });
      const error = `${row.name}: unknown option "--no-such-option"`;
      expect(code).to.equal(2);
      expect(stderr).to.contain(`admin-cli: ${error}`);
      expect(stderr).to.not.contain("\u001b");
      if (json) expect(JSON.parse(stdout)).to.deep.include({ code: "bad-usage" });
      else expect(stdout).to.equal("");
    });
  }
});
