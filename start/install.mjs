// Installs the dependencies when they are missing or stale, before the scripts that need them: all, or with --omit=dev
// those that the programs run on. It is plain JavaScript without dependencies, because it runs on any Node that the
// machine has (20 or later).
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  lstatSync,
  readdirSync,
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
// A person who sees nothing for longer takes the installation for stuck.
const PROGRESS_MS = 2_000;
// npm start bundles the lessons of the demo site. The programs themselves need none of these packages.
const OF_LESSONS = ["esbuild", "buffer", "@noble/hashes"];
const runsOnly = process.argv.includes("--omit=dev");

try {
  if (!isCurrent(runsOnly)) await underLock(install);
  link("node", chosenNode());
  link("admin-cli", join(root, "admin-cli", "bin.mjs"));
  link("edgecache", join(root, "packaging", "edgecache.mjs"));
} catch (error) {
  say(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Whether node_modules is as package-lock.json says, and has a Node that runs on this machine. */
function isCurrent(withoutDev) {
  // npm writes this one last, so an install that was cut off leaves none.
  const installed = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return false;
  for (const [path, { version, integrity, optional }] of wantedPackages(withoutDev)) {
    const there = installed[path];
    // Optional packages are for one platform each.
    if (there === undefined && optional) continue;
    if (there?.version !== version || there?.integrity !== integrity) return false;
  }
  return chosenNode() !== undefined;
}

function wantedPackages(withoutDev) {
  const all = packagesOf(join(root, "package-lock.json")) ?? {};
  const kept = withBehind(OF_LESSONS, all);
  return Object.entries(all).filter(
    ([path, { dev }]) => path !== "" && !(withoutDev && dev && !kept.has(path)),
  );
}

/** The paths of these packages, and of those behind them. */
function withBehind(names, all, found = new Set()) {
  for (const name of names) {
    const path = `node_modules/${name}`;
    if (all[path] === undefined || found.has(path)) continue;
    found.add(path);
    const { dependencies, optionalDependencies } = all[path];
    withBehind(Object.keys({ ...dependencies, ...optionalDependencies }), all, found);
  }
  return found;
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

async function install() {
  // Another run may have installed while this one waited.
  if (isCurrent(runsOnly)) return;
  const begun = performance.now();
  const installed = packagesOf(join(root, "node_modules", ".package-lock.json")) ?? {};
  // Whoever has run the tests here keeps their packages.
  const running = new Set(wantedPackages(true).map(([path]) => path));
  const hasMore = wantedPackages(false).some(([path]) => path in installed && !running.has(path));
  const withoutDev = runsOnly && !hasMore;
  // The programs may be running on what is there.
  const adds = !withoutDev && isCurrent(true);
  const purpose = withoutDev ? "running needs" : adds ? "developing needs as well" : "developing needs";
  // Optional packages are for one platform each: how many come is known afterwards.
  const sure = wantedPackages(withoutDev).filter(([, { optional }]) => !optional).length;
  say(`installing what ${purpose}: about ${sure} packages in all (once; needs the network)`);
  await runNpm(installArgs(withoutDev, adds));
  if (!isCurrent(runsOnly)) {
    const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    throw new Error(
      `npm has no Node for ${process.platform}-${process.arch} that runs here: install Node ${engines.node} and run this command with it`,
    );
  }
  const there = Object.keys(packagesOf(join(root, "node_modules", ".package-lock.json"))).length;
  const size = Math.round(bytesIn(join(root, "node_modules")) / 1e6);
  const seconds = Math.round((performance.now() - begun) / 1000);
  say(`node_modules has ${there} packages now, ${size} MB, after ${seconds} s`);
}

function installArgs(withoutDev, adds) {
  const how = ["--include=optional", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  if (adds) return ["install", "--no-save", "--include=dev", ...how];
  if (!withoutDev) return ["ci", "--include=dev", ...how];
  // Like npm ci, which cannot be told to take some packages along. The hashes of package-lock.json hold.
  rmSync(join(root, "node_modules"), { recursive: true, force: true });
  const all = packagesOf(join(root, "package-lock.json")) ?? {};
  const along = OF_LESSONS.filter((name) => all[`node_modules/${name}`] !== undefined).map(
    (name) => `${name}@${all[`node_modules/${name}`].version}`,
  );
  return ["install", "--no-save", "--omit=dev", ...how, "--save-prod", ...along];
}

async function runNpm(args) {
  const cli = process.env.npm_execpath ?? "";
  // The npm that runs this script, on the Node that runs it: the one in node_modules may be deleted.
  const [command, ...first] =
    basename(cli) === "npm-cli.js" ? [process.env.npm_node_execpath ?? process.execPath, cli] : ["npm"];
  const child = spawn(command, [...first, ...args], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve({ error }));
    child.on("close", (status) => resolve({ status }));
  });
  const { status, error } = await whileSaying("installing", ended);
  const named = `npm ${args[0]}`;
  if (error !== undefined) throw new Error(`${named} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${named} failed: see its message above, then run this command again`);
}

/** Says every 2 s how far it is, until `ended`. */
async function whileSaying(what, ended) {
  const begun = performance.now();
  const timer = setInterval(() => {
    const size = Math.round(bytesIn(join(root, "node_modules")) / 1e6);
    say(`${what}: ${size} MB so far, after ${Math.round((performance.now() - begun) / 1000)} s`);
  }, PROGRESS_MS);
  try {
    return await ended;
  } finally {
    clearInterval(timer);
  }
}

/** What npm moves or removes meanwhile is not counted. */
function bytesIn(folder) {
  return entriesOf(folder).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + bytesIn(path);
    return sum + (entry.isFile() ? (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0);
  }, 0);
}

function entriesOf(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  }
}

function say(line) {
  process.stderr.write(`edgecache: ${line}\n`);
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
  if (!takeLock()) {
    const holder = lockHolder(lock);
    // It may have ended by now, or not have written its number yet.
    const named = holder === undefined ? "" : ` (process ${holder})`;
    await whileSaying(`another run${named} installs here`, lockTaken());
  }
  try {
    await task();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function lockTaken() {
  const deadline = performance.now() + WAIT_MS;
  while (!takeLock()) {
    if (performance.now() > deadline)
      throw new Error(`another install holds ${lock} for too long: delete it`);
    await sleep(200);
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
