import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { type Ran, runCommand } from "./run-command.ts";

const root = resolve(import.meta.dirname, "../..");

const packed = z.tuple([
  z.object({
    filename: z.string(),
    size: z.number(),
    unpackedSize: z.number(),
    files: z.array(z.object({ path: z.string() })),
  }),
]);

const lock = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })),
});

/** What `npm pack` makes of the checkout, unpacked in a folder of its own as npm installs it, without the registry. */
export class Packed {
  /** Empty but for node_modules, which has what production needs and nothing else. */
  readonly folder: string;
  readonly files: readonly string[];
  /** In bytes. */
  readonly size: number;
  readonly unpackedSize: number;

  private constructor(folder: string, { files, size, unpackedSize }: z.infer<typeof packed>[0]) {
    this.folder = folder;
    this.files = files.map(({ path }) => path);
    this.size = size;
    this.unpackedSize = unpackedSize;
  }

  static make(): Packed {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "edgecache-packed-")));
    const pack = ["pack", "--json", "--silent", "--pack-destination", folder];
    const [made] = packed.parse(JSON.parse(execFileSync("npm", pack, { cwd: root, encoding: "utf8" })));
    execFileSync("tar", ["-xzf", made.filename], { cwd: folder });
    mkdirSync(join(folder, "node_modules"));
    cpSync(join(folder, "package"), join(folder, "node_modules", "edgecache"), { recursive: true });
    for (const name of ["package", made.filename]) rmSync(join(folder, name), { recursive: true });
    for (const path of productionPackages()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      symlinkSync(join(root, path), join(folder, path));
    }
    return new Packed(folder, made);
  }

  /** The text of one of its files. */
  read(path: string): string {
    return readFileSync(join(this.folder, "node_modules", "edgecache", path), "utf8");
  }

  /** `edgecache …`, in that folder. */
  run(...argv: readonly string[]): Promise<Ran> {
    return runCommand(process.execPath, [this.command, ...argv], this.folder, {});
  }

  /** The file of the command. */
  get command(): string {
    return join(this.folder, "node_modules", "edgecache", "packaging", "edgecache.mjs");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Where npm has put them. Those inside others come along with these. */
function productionPackages(): string[] {
  const { packages } = lock.parse(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")));
  return (
    Object.entries(packages)
      .filter(([path, { dev }]) => path !== "" && dev !== true)
      .map(([path]) => path)
      // Those of other platforms are not there.
      .filter((path) => path.lastIndexOf("node_modules/") === 0 && existsSync(join(root, path)))
  );
}
