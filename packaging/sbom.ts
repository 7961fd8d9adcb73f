// npm run sbom: prints what an installation for production consists of, as a CycloneDX document.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";

const root = resolve(import.meta.dirname, "..");

const entry = z.looseObject({ dev: z.boolean().optional() });
const lockfile = z.looseObject({ packages: z.record(z.string(), entry) });
const manifest = z.looseObject({ name: z.string() });

/** The document that npm makes of the lock without what only development installs. */
export function sbom(): string {
  const parent = mkdtempSync(join(tmpdir(), "edgecache-sbom-"));
  try {
    const { devDependencies: _development, ...own } = manifest.parse(read("package.json"));
    // npm names the document after its folder.
    const folder = join(parent, own.name);
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify(own));
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify(productionLock()));
    return execFileSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], {
      cwd: folder,
      encoding: "utf8",
    });
  } finally {
    rmSync(parent, { recursive: true });
  }
}

/** `npm sbom --omit dev` would also leave out packages that both production and development use, such as zod. */
function productionLock(): unknown {
  const lock = lockfile.parse(read("package-lock.json"));
  const kept = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true);
  const packages = kept.map(([path, { devDependencies: _development, ...rest }]) => [path, rest]);
  return { ...lock, packages: Object.fromEntries(packages) };
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(root, name), "utf8"));
}

if (import.meta.main) process.stdout.write(sbom());
