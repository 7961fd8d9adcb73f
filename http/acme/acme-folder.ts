import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../process/log.ts";

// Keys lie in it: nobody but the user of the program may look.
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;

/** The parts of the storage, each a folder of files. */
export type Shelf = "certificates" | "http-01" | "tls-alpn-01" | "lock";
const SHELVES: readonly Shelf[] = ["certificates", "http-01", "tls-alpn-01", "lock"];

/** What edges and routers share about one CA: a folder on a disk. Files in it are replaced whole. */
export class AcmeFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes what is missing, and takes from others what they must not see. Throws when it cannot be written. */
  async prepare(log: Pick<Log, "warn">): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: FOLDER_MODE });
    await this.#close(this.path, FOLDER_MODE, log);
    for (const shelf of SHELVES) {
      const folder = join(this.path, shelf);
      await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
      await this.#close(folder, FOLDER_MODE, log);
    }
    for (const path of [this.account, this.ledger, ...(await this.#paths("certificates"))])
      await this.#close(path, FILE_MODE, log);
    const probe = join(this.path, `probe.${randomBytes(6).toString("hex")}`);
    await writeFile(probe, "", { mode: FILE_MODE });
    await rm(probe);
  }

  async #close(path: string, mode: number, log: Pick<Log, "warn">): Promise<void> {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || (found.mode & OTHERS) === 0) return;
    await chmod(path, mode);
    const was = (found.mode & 0o777).toString(8);
    log.warn(
      { path, was, now: mode.toString(8) },
      "ACME storage was open to other users; its mode is changed",
    );
  }

  get account(): string {
    return join(this.path, "account.pem");
  }

  get ledger(): string {
    return join(this.path, "orders.json");
  }

  on(shelf: Shelf, name: string): string {
    return join(this.path, shelf, name);
  }

  /** The chain and its private key, in one file, so that they change together. */
  certificate(host: string): string {
    return this.on("certificates", `${host}.pem`);
  }

  /** Names of files; none when the folder is not there. Files that are being written are left out. */
  async names(shelf: Shelf): Promise<readonly string[]> {
    const names = await readdir(join(this.path, shelf)).catch(() => []);
    return names.filter((name) => !name.startsWith("."));
  }

  async #paths(shelf: Shelf): Promise<readonly string[]> {
    return (await this.names(shelf)).map((name) => this.on(shelf, name));
  }

  /** undefined: it is not there, or cannot be read. */
  read(path: string): Promise<string | undefined> {
    return readFile(path, "utf8").catch(() => undefined);
  }

  /** undefined: it is not there. Rejects when it cannot be read: what is there must not be written over then. */
  readIfThere(path: string): Promise<string | undefined> {
    return readFile(path, "utf8").catch((cause: unknown) => {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
      throw cause;
    });
  }

  /** At once for every reader. */
  async write(path: string, text: string): Promise<void> {
    const draft = join(path, "..", `.${randomBytes(6).toString("hex")}.new`);
    try {
      await writeFile(draft, text, { mode: FILE_MODE, flush: true });
      await rename(draft, path);
    } catch (thrown) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw thrown;
    }
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}
