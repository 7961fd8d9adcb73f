import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

// What stands in for npm: it counts its runs, and leaves what npm ci would leave.
const FAKE_NPM = `
const fs = require("node:fs");
fs.appendFileSync("runs", process.argv.slice(2).join(" ") + "\\n");
if (fs.existsSync("npm-fails")) process.exit(1);
fs.rmSync("node_modules", { recursive: true, force: true });
fs.mkdirSync("node_modules/.bin", { recursive: true });
fs.symlinkSync(process.execPath, "node_modules/.bin/node");
fs.copyFileSync("package-lock.json", "node_modules/.package-lock.json");
`;

describe("installing before a script runs", () => {
  let root: string;
  const lockfile = (version: string) => {
    const packages = {
      "": { name: "edgecache" },
      "node_modules/node": { version: process.versions.node },
      "node_modules/a": { version, integrity: `sha512-${version}` },
    };
    writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
  };
  const runs = () => {
    const path = join(root, "runs");
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").length : 0;
  };

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "edgecache-install-test-")));
    mkdirSync(join(root, "start"));
    mkdirSync(join(root, "tmp"));
    copyFileSync(join(import.meta.dirname, "install.mjs"), join(root, "start/install.mjs"));
    writeFileSync(join(root, "npm-cli.js"), FAKE_NPM);
    lockfile("1.0.0");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function install(): Promise<{ code: unknown; said: string }> {
    const child = spawn(process.execPath, [join(root, "start/install.mjs")], {
      env: { PATH: process.env.PATH, TMPDIR: join(root, "tmp"), npm_execpath: join(root, "npm-cli.js") },
      stdio: ["ignore", "inherit", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, "close");
    return { code, said };
  }

  it("installs once, with one line that says so", async () => {
    expect(await install()).to.deep.equal({
      code: 0,
      said: "edgecache: installing dependencies (once; needs the network)\n",
    });
    expect(await install()).to.deep.equal({ code: 0, said: "" });
    expect(runs()).to.equal(1);
    expect(readFileSync(join(root, "runs"), "utf8")).to.match(/^ci --include=dev /);
  });

  it("installs again when package-lock.json has changed", async () => {
    await install();
    lockfile("2.0.0");
    expect((await install()).code).to.equal(0);
    expect(runs()).to.equal(2);
  });

  it("installs again when its Node does not run on this machine", async () => {
    await install();
    rmSync(join(root, "node_modules/.bin/node"));
    await install();
    expect(runs()).to.equal(2);
  });

  it("accepts a missing package that is optional, because it is for another platform", async () => {
    await install();
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    packages["node_modules/a-win32"] = { version: "1.0.0", optional: true };
    writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
    await install();
    expect(runs()).to.equal(1);
  });

  it("installs once when several scripts start at the same time", async () => {
    const codes = (await Promise.all([install(), install(), install()])).map(({ code }) => code);
    expect([codes, runs()]).to.deep.equal([[0, 0, 0], 1]);
  });

  it("takes over the lock of a process that has died", async () => {
    const dead = spawn(process.execPath, ["--eval", ""]);
    await once(dead, "exit");
    writeFileSync(lockPath(), String(dead.pid));
    expect(await install()).to.have.property("code", 0);
    expect(runs()).to.equal(1);
    expect(readdirSync(join(root, "tmp"))).to.deep.equal([]);
  });

  it("fails in one sentence when npm does", async () => {
    writeFileSync(join(root, "npm-fails"), "");
    const { code, said } = await install();
    expect(code).to.equal(1);
    expect(said).to.contain("edgecache: npm ci failed");
    expect(readdirSync(join(root, "tmp")), "the lock is gone").to.deep.equal([]);
  });

  /** Named after the folder, as install.mjs names it. */
  function lockPath(): string {
    const digest = createHash("sha256").update(root).digest("hex");
    return join(root, "tmp", `edgecache-install-${digest.slice(0, 16)}`);
  }
});
