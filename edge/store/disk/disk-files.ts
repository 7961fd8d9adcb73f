import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** An open file. Every call is asynchronous: a slow disk holds nobody up. */
export interface DiskFile {
  /** Writes all of them, one behind the other, from `position` on. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>;
  /** Reads up to `into.byteLength` bytes; fewer where the file ends. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Resolves when what was written survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The directory of a disk tier. Tests have one that fails, cuts and forgets. */
export interface DiskFiles {
  /** Its files, with their lengths in bytes. */
  list(): Promise<ReadonlyMap<string, number>>;
  /** For a file that is read and written. "new" makes it, or makes it empty. */
  open(name: string, how: "new" | "old"): Promise<DiskFile>;
  /** The whole of a small file; undefined: there is none. */
  readAll(name: string): Promise<Buffer | undefined>;
  /** All of it or nothing is there after a crash. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** One that is not there is no error. */
  remove(name: string): Promise<void>;
}

const DRAFT = ".new";

/** Whether it was to replace another file, and did not before the process ended. */
export function isDraft(name: string): boolean {
  return name.endsWith(DRAFT);
}

// Stored responses may be somebody's: only the user of the edge reads them.
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** Makes the directory where it is not there yet. */
export async function openDirectory(path: string): Promise<DiskFiles> {
  await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
  return new NodeFiles(path);
}

class NodeFiles implements DiskFiles {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async list(): Promise<ReadonlyMap<string, number>> {
    const names = await readdir(this.#path);
    const sizes = new Map<string, number>();
    for (const name of names) {
      const found = await stat(join(this.#path, name));
      if (found.isFile()) sizes.set(name, found.size);
    }
    return sizes;
  }

  async open(name: string, how: "new" | "old"): Promise<DiskFile> {
    const flags = how === "new" ? constants.O_CREAT | constants.O_TRUNC | constants.O_RDWR : constants.O_RDWR;
    const handle = await open(join(this.#path, name), flags, FILE_MODE);
    return {
      write: async (pieces, position) => {
        await handle.writev([...pieces], position);
      },
      read: async (into, position) => {
        let at = 0;
        while (at < into.byteLength) {
          const { bytesRead } = await handle.read(into, at, into.byteLength - at, position + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
        return at;
      },
      sync: () => handle.datasync(),
      close: () => handle.close(),
    };
  }

  async readAll(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.#path, name));
    } catch (thrown) {
      if (isAbsent(thrown)) return undefined;
      throw thrown;
    }
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const draft = join(this.#path, `${name}${DRAFT}`);
    await writeFile(draft, bytes, { mode: FILE_MODE, flush: true });
    await rename(draft, join(this.#path, name));
    await this.#syncDirectory();
  }

  async remove(name: string): Promise<void> {
    await unlink(join(this.#path, name)).catch((thrown: unknown) => {
      if (!isAbsent(thrown)) throw thrown;
    });
  }

  /** A new name survives a power cut only with its directory. */
  async #syncDirectory(): Promise<void> {
    const handle = await open(this.#path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

function isAbsent(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
}
