import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describeError } from "../../process/failure.ts";

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, "../..");
// While no release has a tag, it names a commit of before.
const COMMIT_FILE = resolve(import.meta.dirname, "previous-release.txt");

/** Its version here, where it has that of this checkout: programs of both must be told apart. */
const OLDER = "0.0.1-previous";

export type PreviousRelease =
  | {
      readonly kind: "ready";
      /** A whole checkout, with the packages of its own package-lock.json. */
      readonly folder: string;
      readonly version: string;
      readonly remove: () => void;
    }
  | { readonly kind: "missing"; readonly why: string };

/** The release before this one, ready to run. */
export async function previousRelease(): Promise<PreviousRelease> {
  if (!existsSync(join(ROOT, ".git"))) return { kind: "missing", why: "this is no git checkout" };
  const commit = await previousCommit();
  const folder = mkdtempSync(join(tmpdir(), "edgecache-previous-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const why = await unpack(commit, folder);
  if (why !== undefined) {
    remove();
    return { kind: "missing", why };
  }
  const version = markVersion(folder);
  return { kind: "ready", folder, version, remove };
}

/** The newest tag of a release, but not of the commit that is checked out. */
async function previousCommit(): Promise<string> {
  const tags = await git("tag", "--list", "v*", "--sort=-v:refname", "--no-contains", "HEAD");
  return tags.split("\n")[0]?.trim() || readFileSync(COMMIT_FILE, "utf8").trim();
}

/** Returns why it cannot be had here. */
async function unpack(commit: string, folder: string): Promise<string | undefined> {
  const archive = join(folder, "archive.tar");
  try {
    await git("archive", "--format=tar", `--output=${archive}`, commit);
    await run("tar", ["-xf", archive, "-C", folder]);
    rmSync(archive);
    // Its packages may be others than ours. Most of them npm has in its cache.
    const flags = ["--omit=dev", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["ci", ...flags], { cwd: folder });
    return undefined;
  } catch (thrown) {
    return describeError(thrown).trim().replaceAll("\n", "; ");
  }
}

function markVersion(folder: string): string {
  const file = join(folder, "package.json");
  const manifest: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  const ours: { version: string } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  if (manifest.version === ours.version) {
    manifest.version = OLDER;
    writeFileSync(file, JSON.stringify(manifest, null, 2));
  }
  return manifest.version;
}

async function git(...args: readonly string[]): Promise<string> {
  return (await run("git", args, { cwd: ROOT })).stdout;
}
