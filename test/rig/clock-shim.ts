import { execFile } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SOURCE = fileURLToPath(new URL("clock-shim.c", import.meta.url));
const run = promisify(execFile);

/** Makes shims, each for the clocks of one process. */
export class ClockShims {
  readonly #directory: string;
  readonly #library: string;
  readonly #shims: ClockShim[] = [];

  private constructor(directory: string, library: string) {
    this.#directory = directory;
    this.#library = library;
  }

  /** Undefined where there is no C compiler, or no Linux: then no clock can be set. */
  static async make(): Promise<ClockShims | undefined> {
    if (process.platform !== "linux") return undefined;
    const directory = await mkdtemp(join(tmpdir(), "edgecache-clock-"));
    const library = join(directory, "clock-shim.so");
    try {
      await run("cc", ["-shared", "-fPIC", "-O1", "-o", library, SOURCE]);
      return new ClockShims(directory, library);
    } catch {
      // Tests that need it go without these faults.
      await rm(directory, { recursive: true });
      return undefined;
    }
  }

  shim(): ClockShim {
    const shim = new ClockShim(join(this.#directory, `shift-${this.#shims.length}`), this.#library);
    this.#shims.push(shim);
    return shim;
  }

  async close(): Promise<void> {
    for (const shim of this.#shims) shim.close();
    await rm(this.#directory, { recursive: true });
  }
}

/** The clocks of one process, from the outside. */
export class ClockShim {
  /** For the environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly #file: number;
  #ahead = 0;
  #behind = 0;

  constructor(file: string, library: string) {
    this.#file = openSync(file, "w+");
    this.env = { LD_PRELOAD: library, CLOCK_SHIM: file };
    this.#write();
  }

  /** Sets the wall clock, forward or back. */
  setWall(byMs: number): void {
    this.#ahead += Math.round(byMs);
    this.#write();
  }

  /** The monotonic clock did not count these milliseconds. The process must have stood still for so long. */
  holdBack(ms: number): void {
    this.#behind += Math.floor(ms);
    this.#write();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64LE(BigInt(this.#ahead), 0);
    bytes.writeBigInt64LE(BigInt(this.#behind), 8);
    writeSync(this.#file, bytes, 0, 16, 0);
  }
}
