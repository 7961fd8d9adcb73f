import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, "../..");
// While no release has a tag, it names a commit of before.
const COMMIT_FILE = resolve(import.meta.dirname, "previous-release.txt");
const MOST_LOCK_BYTES = 64 * 2 ** 20;

/** Its version here, where it has that of this checkout: programs of both must be told apart. */
const OLDER = "0.0.1-previous";

export type PreviousRelease =
  | {
      readonly kind: "ready";
      /** A whole checkout, with the packages of this one. */
      readonly folder: string;
      readonly version: string;
      readonly remove: () => void;
    }
  | { readonly kind: "missing"; readonly why: string };

/** The release before this one, ready to run. */
export async function previousRelease(): Promise<PreviousRelease> {
  if (!existsSync(join(ROOT, ".git"))) return { kind: "missing", why: "this is no git checkout" };
  const commit = await previousCommit();
  const lock = await git("show", `${commit}:package-lock.json`).catch(() => undefined);
  if (lock === undefined) return { kind: "missing", why: `this clone has no commit ${commit}` };
  const differing = differingPackages(lock, readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  if (differing !== undefined) return { kind: "missing", why: `commit ${commit} needs ${differing}` };
  const folder = mkdtempSync(join(tmpdir(), "edgecache-previous-"));
  const archive = join(folder, "archive.tar");
  await git("archive", "--format=tar", `--output=${archive}`, commit);
  await run("tar", ["-xf", archive, "-C", folder]);
  rmSync(archive);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const version = markVersion(folder);
  return { kind: "ready", folder, version, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The newest tag of a release, but not of the commit that is checked out. */
async function previousCommit(): Promise<string> {
  const tags = await git("tag", "--list", "v*", "--sort=-v:refname", "--no-contains", "HEAD");
  return tags.split("\n")[0]?.trim() || readFileSync(COMMIT_FILE, "utf8").trim();
}

/** A package for production that is another one here, or is not here. */
function differingPackages(older: string, ours: string): string | undefined {
  const here = packagesOf(ours);
  for (const [path, { version, forTests }] of packagesOf(older)) {
    const there = here.get(path)?.version;
    if (!forTests && there !== version) return `${path} ${version}, here is ${there ?? "none"}`;
  }
  return undefined;
}

interface LockedPackage {
  readonly version: string;
  readonly forTests: boolean;
}

function packagesOf(lock: string): ReadonlyMap<string, LockedPackage> {
  // As npm writes it: "node_modules/x" with its version, and dev or optional where it is not always installed.
  const { packages } = JSON.parse(lock) as {
    readonly packages: Readonly<Record<string, { version?: string; dev?: true; optional?: true }>>;
  };
  return new Map(
    Object.entries(packages)
      .filter(([path]) => path !== "")
      .map(([path, { version = "", dev = false, optional = false }]) => [
        path,
        { version, forTests: dev || optional },
      ]),
  );
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
  return (await run("git", args, { cwd: ROOT, maxBuffer: MOST_LOCK_BYTES })).stdout;
}
