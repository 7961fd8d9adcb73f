import type { DiskFile, DiskFiles } from "./disk-files.ts";

// A tier of 16 TiB has 262,144 segments, and a process mostly may have 1,024 files and connections together. A file that
// is opened for a read costs as much again as the read.
const MOST_OPEN = 256;

/** The same directory, of which only so many files are open at a time. Those that were used last stay open. */
export function fewOpen(files: DiskFiles, most = MOST_OPEN): DiskFiles {
  const open = new OpenFiles(most);
  return {
    list: () => files.list(),
    readAll: (name) => files.readAll(name),
    replace: (name, bytes) => files.replace(name, bytes),
    remove: (name) => files.remove(name),
    open: async (name, how) => {
      const file = new ReopenedFile(() => files.open(name, "old"), open);
      // It has to be there before another one looks for it.
      if (how === "new") await file.begin(files.open(name, "new"));
      return file;
    },
  };
}

/** Those that are open, the one that was used longest ago first. */
class OpenFiles {
  readonly #most: number;
  readonly #files = new Set<ReopenedFile>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Files that are in use stay open, so there may be more for a while. */
  used(file: ReopenedFile): void {
    this.#files.delete(file);
    this.#files.add(file);
    for (const each of this.#files) {
      if (this.#files.size <= this.#most) return;
      if (each !== file && each.isIdle) each.giveBack();
    }
  }

  closed(file: ReopenedFile): void {
    this.#files.delete(file);
  }
}

/** Of a file that was closed: its segment has made room for others. */
export class FileClosed extends Error {
  constructor() {
    super("EBADF: the file is closed");
  }
}

class ReopenedFile implements DiskFile {
  readonly #reopen: () => Promise<DiskFile>;
  readonly #open: OpenFiles;
  #file: Promise<DiskFile> | undefined;
  #users = 0;
  #isOver = false;

  constructor(reopen: () => Promise<DiskFile>, open: OpenFiles) {
    this.#reopen = reopen;
    this.#open = open;
  }

  get isIdle(): boolean {
    return this.#users === 0;
  }

  /** Resolves when it is open. */
  async begin(opening: Promise<DiskFile>): Promise<void> {
    this.#file = opening;
    await this.#use(async () => undefined);
  }

  write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    return this.#use((file) => file.write(pieces, position));
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#use((file) => file.read(into, position));
  }

  /** What was written before it was opened again is synced, too: the system knows files, not openings. */
  sync(): Promise<void> {
    return this.#use((file) => file.sync());
  }

  close(): Promise<void> {
    this.#isOver = true;
    return this.#rest();
  }

  /** Nobody waits for it. What a sync has promised is on disk already, so an error here takes nothing. */
  giveBack(): void {
    this.#rest().catch(() => undefined);
  }

  /** The next use opens it again. */
  async #rest(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#open.closed(this);
    // One that could not be opened has told whoever used it.
    await file?.then(
      (opened) => opened.close(),
      () => undefined,
    );
  }

  async #use<T>(work: (file: DiskFile) => Promise<T>): Promise<T> {
    if (this.#isOver) throw new FileClosed();
    const opening = this.#file ?? this.#reopen();
    this.#file = opening;
    this.#users += 1;
    try {
      this.#open.used(this);
      return await work(await opening);
    } catch (thrown) {
      // It is opened anew: its handle may be what is broken.
      if (this.#file === opening) this.giveBack();
      throw thrown;
    } finally {
      this.#users -= 1;
    }
  }
}
