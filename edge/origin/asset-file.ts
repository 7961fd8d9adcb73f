import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, readlink, realpath, stat } from "node:fs/promises";
import { describeError, Failure } from "../../process/failure.ts";
import type { GiveUpSignal } from "./give-up.ts";

/** The result of a lookup below the root. */
export type Asset =
  | FoundFile
  | { readonly kind: "directory" }
  /** Nothing, or nothing that may be served: outside of the root, a device, a FIFO, a socket. */
  | { readonly kind: "absent" }
  | { readonly kind: "forbidden" };

export interface FoundFile {
  readonly kind: "file";
  readonly file: AssetFile;
  /** The whole content when it is at most one chunk. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** A regular file as it was when it was looked up. No descriptor is held for it. */
export interface AssetFile {
  /** The name it was asked for by, which a symbolic link may change on the way to `path`. */
  readonly name: string;
  /** Absolute and free of symbolic links; one character a byte. */
  readonly path: string;
  readonly stats: BigIntStats;
  /** Bytes. */
  readonly size: number;
}

// One read: large enough to keep a disk busy, small enough that a thousand slow readers fit in memory.
const CHUNK = 64 * 1024;

// NONBLOCK: opening a FIFO must not wait for a writer. NOFOLLOW: links were resolved, and checked, before.
const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Looks `names` up below `root`, which must be a real path. Symbolic links are followed as long as they end below
 * the root. Throws a Failure when the file system can not answer, or a small file changes while it is read.
 */
export async function findAsset(root: string, names: readonly string[]): Promise<Asset> {
  try {
    const path = await realPath([root, ...names].join("/"));
    if (!mayBeServed(root, path)) return { kind: "absent" };
    // Before it is opened: a device or a FIFO is not there, whoever may read it, and opening one may do something.
    const { mode } = await stat(bytesOf(path));
    if (isSpecial(mode)) return { kind: "absent" };
    return await withHandle(path, async (handle) => {
      // A directory on the way may have been exchanged for a link since the path was resolved.
      const opened = await openedPath(handle, path);
      return opened !== undefined && mayBeServed(root, opened)
        ? inspect(handle, path, names.at(-1) ?? "")
        : { kind: "absent" };
    });
  } catch (error) {
    return assetOfError(error, names);
  }
}

function isSpecial(mode: number): boolean {
  const type = mode & constants.S_IFMT;
  return type !== constants.S_IFREG && type !== constants.S_IFDIR;
}

async function inspect(handle: FileHandle, path: string, name: string): Promise<Asset> {
  const stats = await handle.stat({ bigint: true });
  if (stats.isDirectory()) return { kind: "directory" };
  if (!stats.isFile()) return { kind: "absent" };
  const file: AssetFile = { name, path, stats, size: Number(stats.size) };
  if (file.size > CHUNK) return { kind: "file", file };
  const bytes = Buffer.allocUnsafeSlow(file.size);
  const { bytesRead } = await handle.read(bytes, 0, file.size, 0);
  if (bytesRead < file.size) throw short(file, bytesRead, file.size - 1);
  if (!isSame(file, await handle.stat({ bigint: true }))) throw changed(file, "it was written to meanwhile");
  return { kind: "file", file, bytes };
}

/**
 * The bytes `first` to `last`, both included, read as they are asked for. The descriptor is open from the first
 * chunk to the end, the return, the error or the abort. Throws a Failure when the file is not what it was when it
 * was looked up.
 */
export async function* readAsset(
  file: AssetFile,
  first: number,
  last: number,
  signal: GiveUpSignal,
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const handle = await openAgain(file);
  const close = () => handle.close();
  signal.addEventListener("abort", close);
  try {
    if (!isSame(file, await handle.stat({ bigint: true })))
      throw changed(file, "another file took its place");
    for (let position = first; position <= last; ) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, last + 1 - position));
      const { bytesRead } = await handle.read(chunk, 0, chunk.byteLength, position);
      if (bytesRead === 0) throw short(file, position, last);
      position += bytesRead;
      // Before the last bytes are given away, so that a reader never holds a whole body that is a mixture.
      if (position > last) await expectUnchanged(file);
      signal.throwIfAborted();
      yield chunk.subarray(0, bytesRead);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Failure ? error : changed(file, describeError(error), error);
  } finally {
    signal.removeEventListener("abort", close);
    await handle.close();
  }
}

async function openAgain(file: AssetFile): Promise<FileHandle> {
  try {
    return await open(bytesOf(file.path), READ_ONLY);
  } catch (error) {
    throw changed(file, describeError(error), error);
  }
}

async function expectUnchanged(file: AssetFile): Promise<void> {
  // The path, not the descriptor: a file that was deleted or replaced still reads well through the descriptor.
  const now = await stat(bytesOf(file.path), { bigint: true });
  if (!isSame(file, now)) throw changed(file, "it was written to, or replaced, meanwhile");
}

/** Without the change time, which a backup that links the file, or a chmod, also moves. */
function isSame({ stats }: AssetFile, now: BigIntStats): boolean {
  return (
    now.dev === stats.dev && now.ino === stats.ino && now.size === stats.size && now.mtimeNs === stats.mtimeNs
  );
}

async function withHandle<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(bytesOf(path), READ_ONLY);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** Resolves every symbolic link. Throws the file system's error when there is nothing at `path`. */
export async function realPath(path: string): Promise<string> {
  return (await realpath(bytesOf(path), { encoding: "buffer" })).toString("latin1");
}

/**
 * Where an open file or directory really is, free of symbolic links; undefined when that cannot be told, because the
 * path leads elsewhere by now.
 */
async function openedPath(handle: FileHandle, path: string): Promise<string | undefined> {
  try {
    // Linux tells it of the descriptor itself.
    return (await readlink(`/proc/self/fd/${handle.fd}`, { encoding: "buffer" })).toString("latin1");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const [now, opened] = await Promise.all([realPath(path), handle.stat({ bigint: true })]);
  const there = await stat(bytesOf(now), { bigint: true });
  return there.dev === opened.dev && there.ino === opened.ino ? now : undefined;
}

// Version control and logins keep secrets in these. Other hidden directories may hold public files that links lead to:
// the releases of a site, or the volumes of Kubernetes.
const PRIVATE_DIRECTORIES: ReadonlySet<string> = new Set([".git", ".hg", ".svn", ".ssh"]);

/** Whether a real path is below the root, and nothing hidden that a link leads to. */
function mayBeServed(root: string, path: string): boolean {
  if (!isWithin(root, path)) return false;
  const names = path.slice(root.length).split("/");
  return names.at(-1)?.startsWith(".") !== true && !names.some((name) => PRIVATE_DIRECTORIES.has(name));
}

/** By whole names: "/site-secret" is not within "/site". */
function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root === "/" ? "/" : `${root}/`);
}

function bytesOf(path: string): Buffer {
  return Buffer.from(path, "latin1");
}

function assetOfError(error: unknown, names: readonly string[]): Asset {
  if (error instanceof Failure) throw error;
  switch (codeOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
    case "ENAMETOOLONG":
    // A circle of links, or a link that took the file's place after its path was resolved.
    case "ELOOP":
    // A socket, or a device without a driver.
    case "ENXIO":
    case "ENODEV":
      return { kind: "absent" };
    case "EACCES":
    case "EPERM":
      return { kind: "forbidden" };
    default:
      throw new Failure(
        "destination_unavailable",
        "origin",
        `The directory origin can not look up ${printable(`/${names.join("/")}`)}: ${describeError(error)}`,
        error,
      );
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function changed(file: AssetFile, what: string, cause?: unknown): Failure {
  const message = `${printable(file.path)} can not be served as it was looked up: ${what}`;
  return new Failure("origin-body-changed", "origin", message, cause);
}

function short(file: AssetFile, position: number, last: number): Failure {
  return new Failure(
    "origin-body-short",
    "origin",
    `${printable(file.path)} ended early: bytes up to ${last} were announced, it ends at ${position}`,
  );
}

function printable(path: string): string {
  return bytesOf(path).toString("utf8");
}
