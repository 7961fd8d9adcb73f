import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
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

const entry = z.looseObject({ dev: z.boolean().optional() });
const lock = z.object({ packages: z.record(z.string(), entry) });

/** What `npm pack` makes of the checkout, unpacked in a folder of its own as npm installs it, without the registry. */
export class Packed {
  /** Empty but for node_modules, which has what production needs and nothing else. */
  readonly folder: string;
  /** The file that npm made. */
  readonly tarball: string;
  readonly files: readonly string[];
  /** In bytes. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly #parent: string;

  private constructor(parent: string, { filename, files, size, unpackedSize }: z.infer<typeof packed>[0]) {
    this.#parent = parent;
    this.folder = join(parent, "app");
    this.tarball = join(parent, filename);
    this.files = files.map(({ path }) => path);
    this.size = size;
    this.unpackedSize = unpackedSize;
  }

  static make(): Packed {
    const parent = realpathSync(mkdtempSync(join(tmpdir(), "edgecache-packed-")));
    const pack = ["pack", "--json", "--silent", "--pack-destination", parent];
    const [made] = packed.parse(JSON.parse(execFileSync("npm", pack, { cwd: root, encoding: "utf8" })));
    const it = new Packed(parent, made);
    execFileSync("tar", ["-xzf", it.tarball], { cwd: parent });
    mkdirSync(join(it.folder, "node_modules"), { recursive: true });
    renameSync(join(parent, "package"), join(it.folder, "node_modules", "edgecache"));
    // Those of other platforms are not there. Those inside others come along with these.
    const paths = Object.keys(productionPackages()).filter((path) => path.lastIndexOf("node_modules/") === 0);
    for (const path of paths.filter((each) => existsSync(join(root, each)))) {
      mkdirSync(dirname(join(it.folder, path)), { recursive: true });
      symlinkSync(join(root, path), join(it.folder, path));
    }
    return it;
  }

  /** The text of one of its files. */
  read(path: string): string {
    return readFileSync(join(this.folder, "node_modules", "edgecache", path), "utf8");
  }

  /** `edgecache …`, in that folder. */
  run(...argv: readonly string[]): Promise<Ran> {
    return runCommand(process.execPath, [this.command, ...argv], this.folder, {});
  }

  /** Whether a Node for this platform is among the dependencies. */
  get hasNode(): boolean {
    const names = [
      `node-${process.platform}-${process.arch}`,
      `node-bin-${process.platform}-${process.arch}`,
    ];
    return names.some((name) => existsSync(join(this.folder, "node_modules", name)));
  }

  /** The file of the command. */
  get command(): string {
    return join(this.folder, "node_modules", "edgecache", "packaging", "edgecache.mjs");
  }

  /**
   * `npm ci` in another empty folder: what package-lock.json has for production, and the package. npm takes the
   * dependencies from its cache, where the installation of the checkout has left them.
   */
  async install(): Promise<{ readonly folder: string; readonly ran: Ran }> {
    const folder = join(this.#parent, "installed");
    mkdirSync(folder);
    const own = entry.parse(JSON.parse(this.read("package.json")));
    const resolved = pathToFileURL(this.tarball).href;
    const needs = { dependencies: { edgecache: resolved } };
    const packages = { "": needs, "node_modules/edgecache": { ...own, resolved }, ...productionPackages() };
    writeFileSync(join(folder, "package.json"), JSON.stringify(needs));
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages }));
    const flags = ["--offline", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"];
    const home = { HOME: homedir() };
    return { folder, ran: await runCommand("npm", ["ci", ...flags], folder, home) };
  }

  remove(): void {
    rmSync(this.#parent, { recursive: true });
  }
}

/** The entries of the lock without what only development installs. */
function productionPackages(): Readonly<Record<string, unknown>> {
  const { packages } = lock.parse(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")));
  return Object.fromEntries(
    Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true),
  );
}
