import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { expect } from "chai";
import manifest from "../package.json" with { type: "json" };
import { NodeProgram } from "../test/rig/node-program.ts";
import { Packed } from "../test/rig/packed.ts";
import { runCommand } from "../test/rig/run-command.ts";
import { until } from "../test/rig/until.ts";

const root = resolve(import.meta.dirname, "..");

const MB = 1_000_000;

/** The file of the checkout that a file of the package comes from. */
function sourceOf(path: string): string {
  if (path === "dist/package.json") return "package.json";
  if (/^dist\/(assets|proto\/edgecache|router\/dashboard\/page)\//.test(path))
    return path.slice("dist/".length);
  return path.startsWith("dist/") ? path.slice("dist/".length).replace(/(\.d\.ts|\.js)$/, ".ts") : path;
}

/** A Node on PATH that cannot run the programs itself. */
function olderNode(): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "node"))
    .filter((node) => existsSync(node))
    .find((node) => Number.parseInt(execFileSync(node, ["-p", "process.versions.node"]).toString(), 10) < 26);
}

// Made for the package: the lessons of the demo site with the core of edge and router.
const LESSONS = "dist/assets/learn/lessons.js";

describe("the package that npm pack makes", function () {
  // It is built once, and plays the story of the demo, on a machine that is busy with other tests.
  this.timeout(180_000);
  let packed: Packed;

  before(() => {
    packed = Packed.make();
  });

  after(() => packed.remove());

  it("has JavaScript, and files of the checkout as they are: no tests, no sources, no tools", () => {
    expect(packed.files).to.include(LESSONS);
    const files = packed.files.filter((path) => path !== LESSONS);
    const strange = files.filter((path) => !existsSync(join(root, sourceOf(path))));
    expect(strange).to.deep.equal([]);
    const unwanted = /(\.test\.|\.fixture\.|^(test|bench|node_modules)\/|(?<!\.d)\.ts$)/;
    expect(files.filter((path) => unwanted.test(path))).to.deep.equal([]);
    const copied = files.filter((path) => path === sourceOf(path) || /^dist\/(assets|proto\/e)/.test(path));
    for (const path of copied)
      expect(packed.read(path), path).to.equal(readFileSync(join(root, sourceOf(path)), "utf8"));
    const folders = new Set(packed.files.map((path) => path.split("/").slice(0, -1)[0] ?? path));
    expect([...folders].toSorted()).to.deep.equal([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "admin-cli",
      "dist",
      "docs",
      "package.json",
      "packaging",
      "process",
    ]);
  });

  it("has all that the programs read: in their folders stands nothing but sources, which the build knows", () => {
    const folders = ["admin-cli", "edge", "http", "process", "purge-log", "router", "start"];
    const files = globSync(`{${folders.join()}}/**/*.*`, { cwd: root });
    const isKnown = (path: string): boolean =>
      /\.(ts|mjs)$/.test(path) || /\btsconfig\.json$/.test(path) || path.startsWith("router/dashboard/page/");
    const unknown = files.filter((path) => !isKnown(path));
    expect(unknown).to.deep.equal([]);
  });

  it("is as small as its page says, and not so much smaller that the page is wrong", () => {
    const page = readFileSync(join(root, "docs/package.md"), "utf8");
    const [, small, large] = /less than (\d) MB packed and (\d) MB unpacked/.exec(page) ?? [];
    expect(packed.size / MB).to.be.within(Number(small) / 3, Number(small));
    expect(packed.unpackedSize / MB).to.be.within(Number(large) / 3, Number(large));
  });

  it("cannot be published by mistake, and runs nothing when it is installed", () => {
    expect(manifest.private).to.equal(true);
    const scripts = Object.keys(manifest.scripts).filter((name) => /install|prepare$/.test(name));
    expect(scripts).to.deep.equal([]);
  });

  it("is installed by npm, with its commands, from a lock and without the registry", async function () {
    const { folder, ran } = await packed.install();
    // The cache of npm has been emptied since the checkout was installed.
    if (ran.stderr.includes("ENOTCACHED")) this.skip();
    expect(ran.code, ran.stderr).to.equal(0);
    expect(readdirSync(join(folder, "node_modules", ".bin"))).to.include.members(["admin-cli", "edgecache"]);
    const npx = await runCommand("npx", ["--no", "--", "edgecache", "--version"], folder, {});
    expect(npx).to.deep.equal({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  it("shows its version and its commands", async () => {
    expect(await packed.run("--version")).to.deep.equal({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
    const { stdout } = await packed.run("help");
    for (const name of ["start", "edge", "router", "demo", "purge", "check"])
      expect(stdout).to.match(new RegExp(`^  ${name} `, "m"));
    expect((await packed.run("edge", "--help")).stdout).to.contain("edgecache edge [flags]");
    expect((await packed.run("help", "router")).stdout).to.contain("edgecache router [flags]");
    expect((await packed.run("help", "purge")).stdout).to.contain("Usage: edgecache purge ");
  });

  it("runs under an older Node of the machine, by the one that npm installs", async function () {
    const older = olderNode();
    // Only a machine that has one can tell; process/launch.test.ts tells the rest.
    if (older === undefined || !packed.hasNode) return this.skip();
    const ran = await runCommand(older, [packed.command, "edge", "--origin", ".", "--port", "x"], root, {});
    expect(ran).to.deep.include({ code: 2, stdout: "" });
    expect(ran.stderr).to.match(/^edge: --port: must be/);
  });

  it("says what is wrong under its own name", async () => {
    expect(await packed.run("strt")).to.deep.equal({
      code: 2,
      stdout: "",
      stderr: 'edgecache: unknown command "strt"; did you mean start?\n',
    });
    expect(await packed.run("edge", "--origin", ".", "--port", "x")).to.deep.include({
      code: 2,
      stderr: 'edge: --port: must be a whole number from 0 to 65535, got "x"\n',
    });
  });

  it("checks and tries the settings of an edge", async () => {
    writeFileSync(join(packed.folder, "edge.yaml"), "origin: .\n");
    expect((await packed.run("check", "edge.yaml")).stdout).to.match(
      /^right +edge would start with this file/,
    );
    const tried = await packed.run("explain", "/a", "--rules", "--config", "edge.yaml");
    expect(tried).to.include({ code: 0, stderr: "" });
  });

  it("plays the story of the demo: three edges, a router, and a purge with receipts", async () => {
    const { code, stdout, stderr } = await packed.run("demo");
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
    expect(stdout).to.contain("applied on 3 of 3 edges").and.contain("Every step was checked.");
  });

  it("serves from several threads, and compresses in another", async () => {
    const site = join(packed.folder, "site");
    mkdirSync(site);
    writeFileSync(join(site, "page.html"), "a page of many words. ".repeat(1_000));
    const ports = ["--port", "0", "--grpc-port", "0", "--admin-port", "0"];
    const flags = ["--origin", site, "--workers", "2", "--compress", "gzip", ...ports];
    const { program, match } = await NodeProgram.start({
      name: "the packed edge",
      command: [packed.command, "edge", ...flags],
      ready: /http (\S+:\d+), grpc (\S+:\d+)/,
    });
    try {
      const [, http = "", grpc = ""] = match;
      const ask = async () => {
        const response = await fetch(`http://${http}/page.html`);
        await response.text();
        return `${response.headers.get("x-cache")} ${response.headers.get("content-encoding")}`;
      };
      expect(await ask()).to.match(/^MISS/);
      await until("the page is compressed", async () => (await ask()) === "HIT gzip");
      const purged = await packed.run("purge", "/page.html", "--edge", grpc);
      expect(purged).to.include({ code: 0, stderr: "" });
      expect(await ask()).to.match(/^MISS/);
    } finally {
      expect(await program.end("SIGTERM")).to.equal(0);
    }
  });

  it("is a library: the program of its page runs, ends by itself, and has types that need nothing else", async () => {
    const [, page = ""] =
      /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, "docs/embedding.md"), "utf8")) ?? [];
    expect(page).to.contain("port: 8080");
    const program = page.replace("port: 8080", "port: 0");
    writeFileSync(join(packed.folder, "app.mjs"), program);
    const ran = await runCommand(process.execPath, ["app.mjs"], packed.folder, {});
    expect(ran.code, ran.stderr).to.equal(0);
    expect(ran.stdout).to.match(/^http:\/\/127\.0\.0\.1:\d+\/ is cached at/);
    writeFileSync(
      join(packed.folder, "app.mts"),
      [
        'import { startEdge, Failure, type Edge, type EdgeSettings } from "edgecache";',
        'const settings: EdgeSettings = { origin: "/srv", port: 0, trustedProxies: ["10.0.0.0/8"], staleWhenLapsed: true };',
        "export const port: Promise<number> = startEdge(settings).then((edge: Edge) => edge.http.port);",
        'export const code: string = new Failure("a", "client", "b").code;',
        "// @ts-expect-error: no such setting",
        "export const wrong: EdgeSettings = { prot: 0 };",
      ].join("\n"),
    );
    const options = { module: "nodenext", strict: true, noEmit: true, types: [], lib: ["es2024"] };
    writeFileSync(
      join(packed.folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["app.mts"] }),
    );
    const tsc = join(root, "node_modules", ".bin", "tsc");
    expect(await runCommand(tsc, ["-p", "."], packed.folder, {})).to.deep.equal({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});
