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
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { bundleLessons } from "../learn/bundle.ts";

// The package that holds the Node of this platform.
const BUNDLED_NODE = `${process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${process.platform}-${process.arch}`;

// What stands in for npm: it counts its runs, and leaves what npm ci would leave.
const FAKE_NPM = `
const fs = require("node:fs");
fs.appendFileSync("runs", process.argv.slice(2).join(" ") + "\\n");
if (fs.existsSync("npm-fails")) process.exit(1);
while (fs.existsSync("npm-waits")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
if (process.argv[2] === "ci") fs.rmSync("node_modules", { recursive: true, force: true });
fs.mkdirSync("node_modules/.bin", { recursive: true });
const bundled = "node_modules/" + process.env.BUNDLED_NODE + "/bin";
fs.mkdirSync(bundled, { recursive: true });
const script = '#!/bin/sh\\nexec "' + process.execPath + '" "$@"\\n';
if (!fs.existsSync("foreign-platform")) fs.writeFileSync(bundled + "/node", script, { mode: 0o755 });
const { packages } = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
const named = process.argv.filter((arg) => /@\\d/.test(arg)).map((arg) => arg.replace(/@[^@]*$/, ""));
const taken = [...named, ...(named.includes("buffer") ? ["base64-js"] : [])].map((name) => "node_modules/" + name);
const left = Object.entries(packages).filter(
  ([path, { dev }]) => !(dev && process.argv.includes("--omit=dev") && !taken.includes(path)),
);
fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages: Object.fromEntries(left) }));
`;

describe("installing before a script runs", () => {
  let root: string;
  const lockfile = (version: string) => {
    const packages = {
      "": { name: "edgecache" },
      "node_modules/a": { version, integrity: `sha512-${version}` },
      "node_modules/esbuild": { version, integrity: `sha512-esbuild-${version}`, dev: true },
      "node_modules/buffer": {
        version,
        integrity: `sha512-buffer-${version}`,
        dev: true,
        dependencies: { "base64-js": "^1.0.0" },
      },
      "node_modules/base64-js": { version, integrity: `sha512-base64-${version}`, dev: true },
      "node_modules/mocha": { version, integrity: `sha512-mocha-${version}`, dev: true },
    };
    writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
  };
  const engines = (node: string) =>
    writeFileSync(join(root, "package.json"), JSON.stringify({ engines: { node } }));
  const linked = () => readlinkSync(join(root, "node_modules/.bin/node"));
  const installed = () => {
    const hidden = readFileSync(join(root, "node_modules/.package-lock.json"), "utf8");
    return Object.keys(JSON.parse(hidden).packages).filter((path) => path !== "");
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
    // Newer than the Node that runs the test, which so is too old and stands in for the bundled one alone.
    engines(">=999.0.0");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function install(...flags: string[]): Promise<{ code: unknown; said: string }> {
    return await installHeard(() => undefined, ...flags);
  }

  /** `hear` is told what it has said so far. */
  async function installHeard(
    hear: (said: string) => void,
    ...flags: string[]
  ): Promise<{ code: unknown; said: string }> {
    const child = spawn(process.execPath, [join(root, "start/install.mjs"), ...flags], {
      env: {
        PATH: process.env.PATH,
        TMPDIR: join(root, "tmp"),
        npm_execpath: join(root, "npm-cli.js"),
        BUNDLED_NODE,
      },
      stdio: ["ignore", "inherit", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
      hear(said);
    });
    const [code] = await once(child, "close");
    return { code, said };
  }

  it("installs once, and says what and how much", async () => {
    const { code, said } = await install();
    expect(code).to.equal(0);
    expect(said).to.match(
      /^edgecache: installing what developing needs: about 5 packages in all \(once; needs the network\)\n(?:edgecache: installing: .*\n)*edgecache: node_modules has \d packages now, 0 MB, after \d+ s\n$/,
    );
    expect(await install()).to.deep.equal({ code: 0, said: "" });
    expect(runs()).to.equal(1);
    expect(readFileSync(join(root, "runs"), "utf8")).to.match(/^ci --include=dev /);
  });

  it("installs only what running and bundling the lessons need, when that is asked", async () => {
    expect((await install("--omit=dev")).said).to.contain("installing what running needs: about 4 packages");
    expect(installed()).to.deep.equal([
      "node_modules/a",
      "node_modules/esbuild",
      "node_modules/buffer",
      "node_modules/base64-js",
    ]);
    expect(await install("--omit=dev")).to.deep.equal({ code: 0, said: "" });
    expect(readFileSync(join(root, "runs"), "utf8")).to.match(/^install --no-save --omit=dev .*esbuild@1/);
  });

  it("adds the packages of the tests without taking away what may be running", async () => {
    await install("--omit=dev");
    writeFileSync(join(root, "node_modules", "of-a-running-program"), "");
    expect((await install()).said).to.contain("installing what developing needs as well");
    expect(installed()).to.include("node_modules/mocha");
    expect(existsSync(join(root, "node_modules", "of-a-running-program"))).to.equal(true);
    expect(await install("--omit=dev")).to.deep.equal({ code: 0, said: "" });
  });

  it("keeps the packages of the tests when a new package-lock.json is first met by a start", async () => {
    await install();
    lockfile("2.0.0");
    await install("--omit=dev");
    expect(installed()).to.include("node_modules/mocha");
  });

  it("installs again when package-lock.json has changed", async () => {
    await install();
    lockfile("2.0.0");
    expect((await install()).code).to.equal(0);
    expect(runs()).to.equal(2);
  });

  it("installs again when its Node does not run on this machine", async () => {
    await install();
    rmSync(join(root, "node_modules", BUNDLED_NODE), { recursive: true });
    await install();
    expect(runs()).to.equal(2);
  });

  it("links the bundled Node when the machine's own is older than package.json asks", async () => {
    await install();
    expect(linked()).to.equal(`../${BUNDLED_NODE}/bin/node`);
    rmSync(join(root, "node_modules/.bin/node"));
    await install();
    expect([linked(), runs()]).to.deep.equal([`../${BUNDLED_NODE}/bin/node`, 1]);
  });

  it("links the machine's own Node when it is as recent as package.json asks", async () => {
    const [major, minor, patch] = process.versions.node.split(".").map(Number);
    engines(`>=${process.versions.node}`);
    await install();
    expect(linked()).to.equal(process.execPath);
    for (const newer of [`${major}.${minor}.${Number(patch) + 1}`, `${major}.${Number(minor) + 1}.0`]) {
      engines(`>=${newer}`);
      await install();
      expect(linked(), newer).to.equal(`../${BUNDLED_NODE}/bin/node`);
    }
    engines(`>=${Number(major) - 1}.999.999`);
    await install();
    expect([linked(), runs()]).to.deep.equal([process.execPath, 1]);
  });

  it("says which Node to install when npm has none that runs here", async () => {
    writeFileSync(join(root, "foreign-platform"), "");
    const { code, said } = await install();
    expect(code).to.equal(1);
    expect(said).to.contain(`npm has no Node for ${process.platform}-${process.arch} that runs here`);
    expect(said).to.contain("install Node >=999.0.0");
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

  it("says how far it is while npm takes its time, and so does a run that waits for it", async () => {
    const waits = join(root, "npm-waits");
    writeFileSync(waits, "");
    const going = Promise.withResolvers<void>();
    const first = installHeard((said) => {
      if (said.includes("so far")) going.resolve();
    });
    await going.promise;
    const second = await installHeard((said) => {
      if (said.includes("so far")) rmSync(waits, { force: true });
    });
    expect((await first).said).to.match(/\nedgecache: installing: 0 MB so far, after \d+ s\n/);
    expect(second.said).to.match(
      /^edgecache: another run \(process \d+\) installs here: 0 MB so far, after /,
    );
    expect([second.code, runs()]).to.deep.equal([0, 1]);
  });

  it("names no process that holds the lock while that has not written its number", async () => {
    writeFileSync(lockPath(), "");
    const { said } = await installHeard((so) => {
      if (so.includes("so far")) rmSync(lockPath(), { force: true });
    });
    expect(said).to.match(/^edgecache: another run installs here: 0 MB so far, after /);
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

  it("knows which packages of the tests are in the lessons", () => {
    const source = readFileSync(join(import.meta.dirname, "install.mjs"), "utf8");
    const listed: readonly string[] = JSON.parse(/OF_LESSONS = (\[.*\])/.exec(source)?.[1] ?? "");
    const lock = readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8");
    const packages: Record<string, { dev?: boolean; dependencies?: object }> = JSON.parse(lock).packages;
    bundleLessons(join(root, "lessons.js"), join(root, "report.json"));
    const { inputs } = JSON.parse(readFileSync(join(root, "report.json"), "utf8"));
    const bundled = new Set(
      Object.keys(inputs).flatMap((path) => /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
    );
    const ofTests = [...bundled].filter((path) => packages[path]?.dev);
    const behind = listed.flatMap((name) => [
      `node_modules/${name}`,
      ...Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {}).map(
        (each) => `node_modules/${each}`,
      ),
    ]);
    expect(["node_modules/esbuild", ...ofTests]).to.have.members(behind);
  });

  /** Named after the folder, as install.mjs names it. */
  function lockPath(): string {
    const digest = createHash("sha256").update(root).digest("hex");
    return join(root, "tmp", `edgecache-install-${digest.slice(0, 16)}`);
  }
});
