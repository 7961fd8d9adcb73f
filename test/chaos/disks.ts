import { mkdtemp, open, readdir, rm, stat, truncate, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What may befall files while nobody uses them. */
export const harms = ["a bit flipped", "a file cut", "a file lost", "its identity lost"] as const;
export type Harm = (typeof harms)[number];

// The smallest that an edge takes: the large pages together do not fit, so that they come from disk again and again.
const MEMORY = "1MiB";

/** The directories in which some of the edges store. */
export class Disks {
  readonly #parent: string;
  readonly #without: number | undefined;

  private constructor(parent: string, without: number | undefined) {
    this.#parent = parent;
    this.#without = without;
  }

  /** `without`: the number of an edge that has none, so that its restarts begin empty. */
  static async make(without?: number): Promise<Disks> {
    return new Disks(await mkdtemp(join(tmpdir(), "edgecache-chaos-")), without);
  }

  flagsOf(edge: number): readonly string[] {
    return edge === this.#without
      ? []
      : ["--memory", MEMORY, "--disk", this.#path(edge), "--disk-size", "64MiB"];
  }

  /** `at`: which file and where, from 0 to 1. An edge without a disk has no harm. */
  async harm(edge: number, harm: Harm, at: number): Promise<void> {
    const names = await readdir(this.#path(edge)).catch(() => []);
    const files = names.filter((name) => (name === "edge.json") === (harm === "its identity lost")).sort();
    const file = files[Math.floor(at * files.length)];
    if (file === undefined) return;
    const path = join(this.#path(edge), file);
    const { size } = await stat(path);
    const place = Math.floor(((at * 1_009) % 1) * size);
    switch (harm) {
      case "a bit flipped":
        return await flipBit(path, place);
      case "a file cut":
        return await truncate(path, place);
      case "a file lost":
      case "its identity lost":
        return await unlink(path);
    }
  }

  async remove(): Promise<void> {
    await rm(this.#parent, { recursive: true });
  }

  #path(edge: number): string {
    return join(this.#parent, `edge-${edge + 1}`);
  }
}

async function flipBit(path: string, place: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    if ((await file.read(byte, 0, 1, place)).bytesRead === 0) return;
    byte[0] = (byte[0] ?? 0) ^ (1 << (place % 8));
    await file.write(byte, 0, 1, place);
  } finally {
    await file.close();
  }
}
