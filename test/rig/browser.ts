import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { Failure } from "../../process/failure.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Nothing but the page under test: no first-run pages, no updates, no calls home. */
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/**
 * The system's Chromium without a window, in a profile of its own that goes with it. `more`: switches.
 * Throws a Failure when there is none on PATH.
 */
export async function launchBrowser(...more: readonly string[]): Promise<Browser> {
  // Chromium refuses to sandbox itself when root starts it.
  const args = [...QUIET, ...more, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
  return await chromium.launch({ executablePath: findChromium(), args });
}

function findChromium(): string {
  const places = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((dir) => NAMES.map((name) => join(dir, name)));
  const found = places.find(isExecutable);
  if (found !== undefined) return found;
  throw new Failure(
    "no-browser",
    "config",
    `the page tests need a browser: one of ${NAMES.join(", ")} must be on PATH, and none is`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: the next one may be.
    return false;
  }
}
