import { spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

describe("npm run demo", () => {
  it("plays the whole story on the real system and exits 0", async () => {
    const { FORCE_COLOR: _colour, ...env } = process.env;
    const demo = spawn(process.execPath, [fileURLToPath(new URL("demo.ts", import.meta.url))], {
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
    const ended = new Promise<number | null>((resolve) => demo.once("close", resolve));
    const [code, out, err] = await Promise.all([ended, text(demo.stdout), text(demo.stderr)]);
    expect({ code, err }).to.deep.equal({ code: 0, err: "" });
    const outcomes = [...out.matchAll(/X-Served-By: (.*)\n {2}X-Cache: (.*)/g)].map(([, edge, outcome]) => ({
      edge,
      outcome,
    }));
    const [first] = outcomes;
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(["MISS", "HIT", "MISS", "MISS"]);
    expect(outcomes[3]?.edge).to.not.equal(first?.edge);
    expect(out).to.contain("applied on 3 of 3 edges");
  }).timeout(90_000);

  it("says what it is when asked, and takes nothing else", () => {
    const file = fileURLToPath(new URL("demo.ts", import.meta.url));
    const told = spawnSync(process.execPath, [file, "--help"], { encoding: "utf8" });
    expect(told).to.include({ status: 0, stderr: "" });
    expect(told.stdout).to.contain("or: edgecache demo");
    const refused = spawnSync(process.execPath, [file, "fast"], { encoding: "utf8" });
    expect(refused).to.include({ status: 2, stdout: "", stderr: 'demo: takes no arguments, got "fast"\n' });
  });
});
