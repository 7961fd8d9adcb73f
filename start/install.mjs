// Installs the dependencies when they are missing or stale, before the scripts that need them. It is plain
// JavaScript without dependencies, because it runs on any Node that the machine has (20 or later).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = resolve(import.meta.dirname, "..");
const bin = join(root, "node_modules", ".bin");
// Each package holds one platform's binary; package-lock.json has its hash. npm has none for musl.
const bundledNode = join(
  root,
  "node_modules",
  `${process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${process.platform}-${process.arch}`,
  "bin",
  "node",
);
// Outside node_modules, which npm deletes first.
const lock = join(
  tmpdir(),
  `edgecache-install-${createHash("sha256").update(root).digest("hex").slice(0, 16)}`,
);
// Longer than an install over a slow line takes.
const WAIT_MS = 10 * 60_000;

try {
  if (!isCurrent()) await underLock(install);
  link("node", chosenNode());
  link("admin-cli", join(root, "admin-cli", "bin.mjs"));
  link("edgecache", join(root, "packaging", "edgecache.mjs"));
} catch (error) {
  process.stderr.write(`edgecache: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

/** Whether node_modules is as package-lock.json says, and has a Node that runs on this machine. */
function isCurrent() {
  const wanted = packagesOf(join(root, "package-lock.json")) ?? {};
  // npm writes this one last, so an install that was cut off leaves none.
  const installed = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return false;
  for (const [path, { version, integrity, optional }] of Object.entries(wanted)) {
    if (path === "") continue;
    const there = installed[path];
    // Optional packages are for one platform each.
    if (there === undefined && optional) continue;
    if (there?.version !== version || there?.integrity !== integrity) return false;
  }
  return chosenNode() !== undefined;
}

/**
 * The Node that the programs run on: the one that runs npm when it is as recent as package.json asks, else the
 * one of this platform's package. Undefined when neither runs, as in node_modules of another platform.
 */
function chosenNode() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const oldest = numbersOf(engines.node);
  // npm puts node_modules/.bin first on PATH: this script may run on the bundled one already.
  const own = process.env.npm_node_execpath ?? process.execPath;
  if (isAtLeast(numbersOf(versionOf(own)), oldest)) return own;
  return versionOf(bundledNode) === undefined ? undefined : bundledNode;
}

function versionOf(node) {
  if (node === process.execPath) return process.version;
  return spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim() || undefined;
}

/** `[26, 13, 1]` of `v26.13.1` or `>=26.13.1`. */
function numbersOf(version = "") {
  return (/\d+(\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);
}

function isAtLeast(version, oldest) {
  const differs = oldest.findIndex((number, index) => (version[index] ?? 0) !== number);
  return differs === -1 || (version[differs] ?? 0) > oldest[differs];
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function install() {
  // Another run may have installed while this one waited.
  if (isCurrent()) return;
  process.stderr.write("edgecache: installing dependencies (once; needs the network)\n");
  const args = [
    "ci",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--loglevel=error",
  ];
  const cli = process.env.npm_execpath ?? "";
  // The npm that runs this script, on the Node that runs it: the one in node_modules is about to be deleted.
  const [command, ...first] =
    basename(cli) === "npm-cli.js" ? [process.env.npm_node_execpath ?? process.execPath, cli] : ["npm"];
  const { status, error } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (error !== undefined) throw new Error(`npm ci could not be started: ${error.message}`);
  if (status !== 0) throw new Error("npm ci failed: see its message above, then run this command again");
  if (!isCurrent()) {
    const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    throw new Error(
      `npm has no Node for ${process.platform}-${process.arch} that runs here: install Node ${engines.node} and run this command with it`,
    );
  }
}

/** Makes node_modules/.bin/`name` lead to `target`. npx finds `edgecache` there, npm scripts find `node`. */
function link(name, target) {
  const path = join(bin, name);
  try {
    if (realpathSync(path) === realpathSync(target)) return;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  // Renaming replaces the old link in one step, because another run may be starting the Node behind it.
  const made = `${path}.${process.pid}`;
  // A relative link survives a move of the whole folder.
  symlinkSync(target.startsWith(root) ? relative(bin, target) : target, made);
  renameSync(made, path);
}

/** Runs `task` while no other process runs one for this folder. */
async function underLock(task) {
  const deadline = performance.now() + WAIT_MS;
  while (!takeLock()) {
    if (performance.now() > deadline)
      throw new Error(`another install holds ${lock} for too long: delete it`);
    await sleep(200);
  }
  try {
    task();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  if (isAlive(lockHolder(lock))) return false;
  // Renaming is atomic: of several that see a dead holder's lock, one takes it away.
  const taken = `${lock}.${process.pid}`;
  try {
    renameSync(lock, taken);
    // A faster one may have put its own lock there meanwhile.
    if (isAlive(lockHolder(taken))) renameSync(taken, lock);
    else rmSync(taken);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return false;
}

/** The process id in a lock; undefined while it is being written or when it has just gone. */
function lockHolder(path) {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    if (Number.isInteger(pid) && pid > 0) return pid;
    // A lock without a number: young, it is being written; old, its writer died in between.
    return Date.now() - lstatSync(path).mtimeMs < 5000 ? undefined : 0;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid) {
  if (pid === undefined) return true;
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return error.code === "EPERM";
  }
}
