#!/usr/bin/env node
// Starts the admin CLI under any Node. It is plain JavaScript, because it must load where TypeScript does not.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

// The first version that runs TypeScript sources without a flag, and still has long-term support.
const OLDEST = [22, 19];
const root = fileURLToPath(new URL("..", import.meta.url));
const pinned = `${root}node_modules/.bin/node`;

if (!existsSync(`${root}node_modules/@grpc/grpc-js/package.json`)) {
  fail("edgeCache is not installed yet: run npm ci (or npm start once)");
} else if (isRecent(process.versions.node)) {
  // Node 22 and 24 report type stripping as experimental on stderr, which belongs to our one line.
  process.removeAllListeners("warning");
  // Compiling takes half of the time to start.
  module.enableCompileCache();
  const { run } = await import("./main.ts");
  await run(process);
} else if (existsSync(pinned)) {
  startAgain(pinned);
} else {
  fail(`Node must be ${OLDEST.join(".")} or newer: this is ${process.versions.node}`);
}

function isRecent(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** The same command line under another Node, whose end, signals included, becomes ours. */
function startAgain(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  const passOn = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, passOn);
  child.on("error", (error) => fail(`${node} does not start: ${error.message}`));
  child.on("exit", (code, signal) => {
    // As a shell reports a program that a signal ended.
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

function fail(reason) {
  process.stderr.write(`admin-cli: ${reason}\n`);
  process.exitCode = 1;
}
