import { posix } from "node:path";

const SPECIFIER = /(\bfrom\s*|\bimport\(\s*|^import\s*)"(\.[^"\n]+)\.ts"/gm;

/**
 * The declarations that `entry` needs, itself among them, with imports that end in .js. `all`: texts by path from one
 * folder.
 */
export function declarationsBehind(
  entry: string,
  all: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const kept = new Map<string, string>();
  const visit = (path: string): void => {
    const text = all.get(path);
    if (text === undefined) throw new Error(`${path}: has no declarations`);
    kept.set(path, text.replace(SPECIFIER, '$1"$2.js"'));
    for (const [, , specifier = ""] of text.matchAll(SPECIFIER)) {
      const next = posix.join(posix.dirname(path), `${specifier}.d.ts`);
      if (!kept.has(next)) visit(next);
    }
  };
  visit(entry);
  return kept;
}
