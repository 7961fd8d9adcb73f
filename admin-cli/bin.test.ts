import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

describe("admin-cli/bin.mjs", () => {
  it("says in one sentence what to do when the dependencies are not installed", async () => {
    const clone = await mkdtemp(join(tmpdir(), "edgecache-clone-"));
    try {
      await mkdir(join(clone, "admin-cli"));
      const bin = join(clone, "admin-cli", "bin.mjs");
      await copyFile(new URL("bin.mjs", import.meta.url), bin);
      await mkdir(join(clone, "process"));
      await copyFile(new URL("../process/launch.mjs", import.meta.url), join(clone, "process", "launch.mjs"));
      const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "edges"], { encoding: "utf8" });
      expect({ status, stdout, stderr }).to.deep.equal({
        status: 1,
        stdout: "",
        stderr: "admin-cli: edgeCache is not installed yet: run npm ci (or npm start once)\n",
      });
    } finally {
      await rm(clone, { recursive: true });
    }
  });
});
