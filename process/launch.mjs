// Finds the Node that a program can run on. It is plain JavaScript in old words, because any Node may read it.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = module.createRequire(import.meta.url);

/** What package.json asks for: `[26, 13, 1]`. */
export function nodeOfEngines() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return numbersOf(engines.node);
}

/**
 * Loads `file`, a source of the checkout, with `args` as its command line, and gives the module to `use`: when this Node
 * is `oldest` or later, or is the one that was installed with edgeCache. Otherwise the command that was typed is run once
 * more, under that Node. `name`: of the command.
 */
export function launch({ name, file, args, oldest, use }) {
  const fail = (reason) => {
    process.stderr.write(`${name}: ${reason}\n`);
    process.exitCode = 1;
  };
  if (pathOf("@grpc/grpc-js") === undefined) {
    fail("edgeCache is not installed yet: run npm ci (or npm start once)");
    return;
  }
  const installed = installedNodes();
  const own = realpathSync(process.execPath);
  if (isAtLeast(numbersOf(process.versions.node), oldest) || installed[0] === own) {
    // Node 22 and 24 report type stripping as experimental on stderr, which belongs to our lines.
    process.removeAllListeners("warning");
    process.argv = [process.argv[0], fileURLToPath(file), ...args];
    import(builtFrom(file).href).then(use);
    return;
  }
  const other = installed.filter((node) => node !== own)[0];
  if (other !== undefined) startAgain(other, fail);
  else {
    fail(
      `Node ${oldest.join(".")} or later is needed, and this is ${process.versions.node}: get it from ` +
        "https://nodejs.org/en/download, or install with npm install --include=optional, which brings one",
    );
  }
}

/** The JavaScript that the package has in place of a source. */
function builtFrom(file) {
  if (existsSync(file)) return file;
  const source = fileURLToPath(file).slice(root.length);
  return pathToFileURL(join(root, "dist", source.replace(/\.ts$/, ".js")));
}

/** The Node that npm installed with edgeCache; in a checkout also the one that start/install.mjs has chosen. */
function installedNodes() {
  const onlyArm = process.platform === "darwin" && process.arch === "arm64";
  const packed = pathOf(`${onlyArm ? "node-bin" : "node"}-${process.platform}-${process.arch}/package.json`);
  return [
    ...(packed === undefined ? [] : [join(dirname(packed), "bin", "node")]),
    join(root, "node_modules", ".bin", "node"),
  ]
    .filter((node) => existsSync(node))
    .map((node) => realpathSync(node));
}

function pathOf(specifier) {
  try {
    return require.resolve(specifier);
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** The same command line under another Node, whose end, signals included, becomes ours. */
function startAgain(node, fail) {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  const passOn = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, passOn);
  child.on("error", (error) => fail(`${node} does not start: ${error.message}`));
  child.on("exit", (code, signal) => {
    // As a shell reports a program that a signal ended.
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

/** `[26, 13, 1]` of `>=26.13.1`. */
function numbersOf(version) {
  return /\d+(\.\d+)*/.exec(version)[0].split(".").map(Number);
}

function isAtLeast(version, oldest) {
  const differs = oldest.findIndex((number, place) => version[place] !== number);
  return differs === -1 || version[differs] > oldest[differs];
}
