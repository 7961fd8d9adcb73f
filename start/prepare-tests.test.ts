import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

describe("preparing the tests where nothing can be installed", () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "edgecache-path-"));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  const program = (name: string, prints: string) =>
    writeFileSync(join(path, name), `#!/bin/sh\necho "${prints}"\n`, { mode: 0o755 });

  function prepare() {
    const script = join(import.meta.dirname, "prepare-tests.mjs");
    // Only this directory: no apt-get is found, whoever runs the tests.
    const { status, stderr } = spawnSync(process.execPath, [script], {
      env: { PATH: path },
      encoding: "utf8",
    });
    return { status, stderr };
  }

  it("says nothing when everything is there", () => {
    program("redis-server", "Redis server v=7.0.15 sha=00000000:0");
    program("google-chrome", "");
    expect(prepare()).to.deep.equal({ status: 0, stderr: "" });
  });

  it("says in one sentence what is missing", () => {
    expect(prepare()).to.deep.equal({
      status: 1,
      stderr:
        "edgecache: the tests need redis-server 7 or later and Chromium on PATH: install it and run npm test again\n",
    });
  });

  it("does not take a Redis that is too old", () => {
    program("redis-server", "Redis server v=6.2.7 sha=00000000:0");
    program("chromium", "");
    expect(prepare().stderr).to.contain("the tests need redis-server 7 or later on PATH");
  });
});
