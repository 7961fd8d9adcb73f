import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import manifest from "../package.json" with { type: "json" };
import { runCommand } from "../test/rig/run-command.ts";

const root = resolve(import.meta.dirname, "..");

describe("the command edgecache in a checkout", function () {
  // It starts several programs, on a machine that is busy with other tests.
  this.timeout(60_000);
  const run = (...argv: string[]) =>
    runCommand(process.execPath, [join(root, "packaging", "edgecache.mjs"), ...argv], root, {});

  it("runs the sources: the programs, and every command of admin-cli", async () => {
    const { code, stdout } = await run("help");
    expect(code).to.equal(0);
    const admin = await runCommand(process.execPath, [join(root, "admin-cli", "bin.mjs"), "help"], root, {});
    const commands = (page: string) => [...page.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    expect(commands(stdout)).to.deep.equal(["start", "edge", "router", "demo", ...commands(admin.stdout)]);
    expect((await run("edge", "--help")).stdout).to.contain("   or: edgecache edge [flags]");
    expect(await run("purge", "--sofd")).to.deep.equal({
      code: 2,
      stdout: "",
      stderr: 'edgecache: purge: unknown option "--sofd"; did you mean --soft?\n',
    });
  });

  it("and the tools of development are all that pages run by npx: no name that a stranger could register", () => {
    const own = Object.keys(manifest.bin);
    const installed = Object.keys(manifest.devDependencies);
    const pages = globSync(["*.md", "docs/**/*.{md,yaml}", "bench/*.md"], { cwd: root });
    const named = pages.flatMap((path) =>
      [
        ...readFileSync(join(root, path), "utf8").matchAll(/(?:^|[`$] ?)npx (?:--no -- )?([a-z@][\w@/-]*)/gm),
      ].map(([, name = ""]) => ({ path, name })),
    );
    expect(named).not.to.have.length(0);
    const strange = named.filter(({ name }) => ![...own, ...installed].includes(name));
    expect(strange).to.deep.equal([]);
  });
});
