import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, matchesGlob, resolve } from "node:path";
import { expect } from "chai";
import { NodeProgram } from "../rig/node-program.ts";

const root = resolve(import.meta.dirname, "../..");
const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const BASE = `node:${engines.node.replace(">=", "")}-slim`;

/** The files of the checkout that .dockerignore lets into an image. The last pattern that matches decides. */
function contextFiles(): readonly string[] {
  const patterns = readFileSync(join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const isIn = (path: string): boolean => {
    // A pattern for a folder is for all that it holds.
    const names = path.split("/").map((_, n, all) => all.slice(0, n + 1).join("/"));
    const last = patterns.findLast((line) => names.some((name) => matchesGlob(name, line.replace(/^!/, ""))));
    return last === undefined || last.startsWith("!");
  };
  const all = globSync("**", { cwd: root, exclude: ["node_modules", "dist"], withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter(isIn);
}

/** The shell form of an instruction is one line here. */
function instructions(name: string): readonly string[] {
  return [...dockerfile.replaceAll("\\\n", " ").matchAll(new RegExp(`^${name} +(.+)$`, "gm"))].map(
    ([, rest]) => rest ?? "",
  );
}

describe("the Dockerfile", () => {
  it("has the oldest Node that package.json allows, which a build argument can pin", () => {
    expect(instructions("ARG")).to.deep.equal([`NODE_IMAGE=${BASE}`]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the Dockerfile.
    const image = "${NODE_IMAGE}";
    expect(instructions("FROM")).to.deep.equal([
      `${image} AS dependencies`,
      `${image} AS runtime`,
      "scratch",
    ]);
  });

  it("runs as a user that is not root, by number, with production dependencies only", () => {
    expect(instructions("USER")).to.deep.equal(["1000:1000"]);
    expect(instructions("RUN")[0]).to.match(/^npm ci --omit=dev --omit=optional /);
  });

  it("has no package manager in its last stage", () => {
    const [, removal = ""] = instructions("RUN");
    for (const gone of ["/usr/local/lib/node_modules", "/usr/local/bin/npm", "/usr/local/bin/npx"])
      expect(removal.split(/\s+/)).to.include(gone);
  });

  it("copies from the checkout what is there", () => {
    const sources = instructions("COPY")
      .filter((line) => !line.startsWith("--from="))
      .flatMap((line) => line.split(/\s+/).slice(0, -1));
    expect(sources).to.deep.equal(["package.json", "package-lock.json", "."]);
    for (const source of sources) expect(existsSync(join(root, source)), source).to.equal(true);
  });

  it("asks by a small program whether the edge lives", () => {
    expect(instructions("HEALTHCHECK")[0]).to.match(
      /CMD \["packaging\/container\/probe.sh", "http:\/\/127\.0\.0\.1:9081\/healthz"\]$/,
    );
  });
});

describe("the files of an image", function () {
  this.timeout(120_000);
  const files = contextFiles();
  let app: string;

  before(() => {
    app = mkdtempSync(join(tmpdir(), "edgecache-image-"));
    for (const file of files) cpSync(join(root, file), join(app, file), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(app, "node_modules"));
  });
  after(() => rmSync(app, { recursive: true, force: true }));

  it("are the programs, without tests, tools and whatever else lies in the checkout", () => {
    expect(
      [
        ...new Set(files.map((file) => (file.includes("/") ? file.slice(0, file.indexOf("/")) : file))),
      ].sort(),
    ).to.deep.equal([
      "admin-cli",
      "edge",
      "http",
      "package-lock.json",
      "package.json",
      "packaging",
      "process",
      "proto",
      "purge-log",
      "router",
      "start",
    ]);
    expect(
      files.filter((file) =>
        /\.test\.|\.pem$|\.env|^start\/(?!ask-health)|^packaging\/(?!container)/.test(file),
      ),
    ).to.deep.equal([]);
  });

  it("are enough for an edge with several threads, a router, their health checks and the admin CLI", async function () {
    if (process.platform !== "linux") this.skip();
    const command = (file: string, ...args: string[]) => [join(app, file), ...args];
    const programs: NodeProgram[] = [];
    try {
      const edge = await NodeProgram.start({
        name: "edge",
        command: command(
          "edge/main.ts",
          "--origin",
          "assets",
          "--workers",
          "2",
          "--port",
          "0",
          "--grpc-port",
          "0",
          "--admin-port",
          "0",
        ),
        ready: /grpc (\S+:\d+), operator (\S+:\d+)/,
      });
      programs.push(edge.program);
      const [, control = "", operator = ""] = edge.match;
      const router = await NodeProgram.start({
        name: "router",
        command: command(
          "router/main.ts",
          "--edges",
          control,
          "--workers",
          "2",
          "--port",
          "0",
          "--admin-port",
          "0",
        ),
        ready: /"adminPort":(\d+).*"router listening"/,
      });
      programs.push(router.program);
      const run = (file: string, ...args: string[]) => spawnSync(file, args, { cwd: app, encoding: "utf8" });
      for (const url of [`http://${operator}/readyz`, `http://127.0.0.1:${router.match[1]}/readyz`]) {
        expect(run("packaging/container/probe.sh", url)).to.include({ status: 0, stderr: "" });
        expect(run(process.execPath, "start/ask-health.ts", url)).to.include({ status: 0, stderr: "" });
      }
      const purge = run(process.execPath, "admin-cli/bin.mjs", "purge", "/hello.txt", "--edge", control);
      expect(purge.stdout).to.contain("applied");
    } finally {
      for (const program of programs) await program.end("SIGKILL");
    }
  });
});

describe("the image", function () {
  // On a machine without load it takes a minute, most of it for files that are copied.
  this.timeout(600_000);
  const tag = "localhost/edgecache:test";
  const env = { ...process.env, BUILDAH_ISOLATION: "chroot", STORAGE_DRIVER: "vfs" };
  const buildah = (...args: string[]) => spawnSync("buildah", args, { cwd: root, encoding: "utf8", env });

  it("is built by an engine that has its base, and its programs run", function () {
    const base = `localhost/${BASE}`;
    if (buildah("inspect", "--type", "image", base).status !== 0) {
      if (this.test) this.test.title += ` (needs buildah and the image ${base})`;
      this.skip();
    }
    const built = buildah("build", "--pull-never", "--build-arg", `NODE_IMAGE=${base}`, "-t", tag, root);
    expect(built.status, built.stderr).to.equal(0);
    const container = buildah("from", "--pull-never", tag).stdout.trim();
    try {
      const run = (...args: string[]) => buildah("run", container, "--", ...args);
      expect(run("id", "-u").stdout).to.equal("1000\n");
      expect(run("sh", "-c", "command -v npm npx").stdout).to.equal("");
      for (const program of ["edge", "router"])
        expect(run("node", `${program}/main.ts`, "--help").stdout, program).to.contain("--port");
      expect(run("node", "admin-cli/bin.mjs", "--help").stdout).to.contain("purge");
      expect(run("packaging/container/probe.sh", "http://127.0.0.1:1/").stderr).to.contain(
        "Connection refused",
      );
    } finally {
      buildah("rm", container);
      buildah("rmi", tag);
    }
  });
});
