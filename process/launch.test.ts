import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { runCommand } from "../test/rig/run-command.ts";

const COMMAND = `
import { launch, nodeOfEngines } from "../process/launch.mjs";
const file = new URL("./main.mjs", import.meta.url);
launch({ name: "node", file, args: process.argv.slice(2), oldest: nodeOfEngines(), use: () => undefined });
`;

const MAIN = `
if (process.argv[2] === "fail") process.exitCode = 3;
if (process.argv[2] === "wait") {
  const waiting = setInterval(() => undefined, 1000);
  process.on("SIGTERM", () => { clearInterval(waiting); process.exitCode = 4; });
}
process.stdout.write(JSON.stringify({ node: process.execPath, args: process.argv.slice(2) }) + "\\n");
`;

describe("starting a program under the right Node", () => {
  let parent: string;
  let root: string;
  let bundled: string;
  /** The Node of this test once more, so that it can be told from the one that runs. */
  let otherNode: string;
  const command = () => join(root, "packaging", "command.mjs");
  const run = (...args: string[]) => runCommand(process.execPath, [command(), ...args], root, {});
  const engines = (node: string) =>
    writeFileSync(join(root, "package.json"), JSON.stringify({ engines: { node } }));
  /** As the package of this platform. */
  const bundle = () => {
    mkdirSync(join(bundled, "bin"), { recursive: true });
    writeFileSync(join(bundled, "package.json"), "{}");
    symlinkSync(otherNode, join(bundled, "bin", "node"));
  };

  before(() => {
    parent = realpathSync(mkdtempSync(join(tmpdir(), "edgecache-launch-")));
    otherNode = join(parent, "node");
    copyFileSync(process.execPath, otherNode);
  });

  after(() => rmSync(parent, { recursive: true }));

  beforeEach(() => {
    root = join(parent, "package");
    const onlyArm = process.platform === "darwin" && process.arch === "arm64";
    const name = `${onlyArm ? "node-bin" : "node"}-${process.platform}-${process.arch}`;
    bundled = join(root, "node_modules", name);
    for (const folder of ["process", "packaging", "node_modules/@grpc/grpc-js"])
      mkdirSync(join(root, folder), { recursive: true });
    copyFileSync(join(import.meta.dirname, "launch.mjs"), join(root, "process/launch.mjs"));
    writeFileSync(join(root, "node_modules/@grpc/grpc-js/index.js"), "");
    writeFileSync(command(), COMMAND);
    writeFileSync(join(root, "packaging/main.mjs"), MAIN);
  });

  afterEach(() => rmSync(root, { recursive: true }));

  it("stays with the Node that runs when that is recent enough", async () => {
    bundle();
    engines(`>=${process.versions.node}`);
    const { code, stdout } = await run("a", "--b");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.equal({ node: process.execPath, args: ["a", "--b"] });
  });

  it("takes the Node that npm installed when the one that runs is too old, and ends as it ends", async () => {
    bundle();
    engines(">=999.0.0");
    const { code, stdout, stderr } = await run("fail", "--b");
    expect({ code, stderr }).to.deep.equal({ code: 3, stderr: "" });
    expect(JSON.parse(stdout)).to.deep.equal({ node: otherNode, args: ["fail", "--b"] });
  });

  it("passes signals on to it", async () => {
    bundle();
    engines(">=999.0.0");
    const child = spawn(process.execPath, [command(), "wait"], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    expect(code).to.equal(4);
  });

  it("says in one line which Node is needed, and where to get it, when there is none", async () => {
    engines(">=999.0.0");
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
    expect(stderr).to.equal(
      `node: Node 999.0.0 or later is needed, and this is ${process.versions.node}: get it from ` +
        "https://nodejs.org/en/download, or install with npm install --include=optional, which brings one\n",
    );
  });

  it("says how to install what is missing", async () => {
    engines(">=1.0.0");
    rmSync(join(root, "node_modules"), { recursive: true });
    const { code, stderr } = await run();
    expect({ code, stderr }).to.deep.equal({
      code: 1,
      stderr: "node: edgeCache is not installed yet: run npm ci (or npm start once)\n",
    });
  });

  it("is written so that a Node of 2019 can read it, and say that it is too old", () => {
    for (const name of ["process/launch.mjs", "packaging/edgecache.mjs", "admin-cli/bin.mjs"]) {
      const code = readFileSync(join(import.meta.dirname, "..", name), "utf8");
      // Optional chaining, ?? and ??= came with Node 14 and 15, await outside of functions with 14.
      expect(code, name).not.to.match(/\?\.[a-z([]|\?\?|^(?:\S.* )?await /m);
    }
  });
});
