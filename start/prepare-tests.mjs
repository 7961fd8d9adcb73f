// Finds the programs that the tests start, a Redis server and a browser, and installs them where it may.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

// A build from an empty cache takes about a minute on two cores.
const BUILD_MS = 5 * 60_000;

const NEEDED = [
  { names: ["redis-server"], package: "redis-server", works: isRedis7, what: "redis-server 7 or later" },
  {
    names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    package: "chromium",
    works: () => true,
    what: "Chromium",
  },
];

let missing = NEEDED.filter((program) => !isThere(program));
if (missing.length > 0 && mayInstall()) {
  aptInstall(missing.map((program) => program.package));
  missing = NEEDED.filter((program) => !isThere(program));
}
if (missing.length > 0) {
  const what = missing.map((program) => program.what).join(" and ");
  process.stderr.write(`edgecache: the tests need ${what} on PATH: install it and run npm test again\n`);
  process.exitCode = 1;
}

offerGrpcurl();

/** A gRPC client that is not ours. Without it, and without Go to build it, its tests say that they are skipped. */
function offerGrpcurl() {
  if (findOnPath("grpcurl") !== undefined || findOnPath("go") === undefined) return;
  process.stderr.write("edgecache: building grpcurl for the tests (once; needs the network)\n");
  // npm puts this folder on PATH.
  const env = {
    ...process.env,
    GOBIN: join(import.meta.dirname, "..", "node_modules", ".bin"),
    GOFLAGS: "-mod=mod",
  };
  const { status } = spawnSync("go", ["install", "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"], {
    env,
    cwd: tmpdir(),
    stdio: ["ignore", "ignore", "ignore"],
    timeout: BUILD_MS,
  });
  if (status !== 0) process.stderr.write("edgecache: grpcurl could not be built; its tests are skipped\n");
}

function isThere(program) {
  return program.names.some((name) => {
    const path = findOnPath(name);
    return path !== undefined && program.works(path);
  });
}

function findOnPath(name) {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory: the next one may have it.
    }
  }
  return undefined;
}

// The purge log needs ids of the form `<epoch>-*`, which came with Redis 7.
function isRedis7(path) {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return Number(/\bv=(\d+)\./.exec(stdout ?? "")?.[1]) >= 7;
}

function mayInstall() {
  if (process.getuid?.() !== 0 || findOnPath("apt-get") === undefined) return false;
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

function aptInstall(packages) {
  process.stderr.write(
    `edgecache: installing ${packages.join(" and ")} for the tests (once; needs the network)\n`,
  );
  // Debian asks this program whether a package may start its service: 101 is no.
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    for (const args of [["update"], ["install", "--yes", "--no-install-recommends", ...packages]]) {
      const { status } = spawnSync("apt-get", ["-qq", ...args], {
        env,
        stdio: ["ignore", "ignore", "inherit"],
      });
      // The list may be stale and the package there all the same: the next check decides.
      if (status !== 0) process.stderr.write(`edgecache: apt-get ${args[0]} failed\n`);
    }
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}
