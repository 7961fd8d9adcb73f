import { posix } from "node:path";

// Paths that a page may cite as examples although no such file exists.
const EXAMPLE = /(^|\/)x\./;

/** Files of the project that a page of Markdown links to, or names in backquotes as `edge/cache/serve.ts`. */
function filesNamedIn(path: string, page: string): readonly string[] {
  const links = [...page.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) =>
    posix.join(posix.dirname(path), target),
  );
  const names = [...page.matchAll(/`([a-z][\w.-]*(?:\/[\w.-]+)+\.(?:ts|mjs|md|proto))`/g)];
  return [...new Set([...links, ...names.map(([, name = ""]) => name)])].filter(
    (file) => !EXAMPLE.test(file),
  );
}

/** One sentence for each file that a page names and that is not there. */
export function missingFiles(
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): readonly string[] {
  return [...pages].flatMap(([path, page]) =>
    filesNamedIn(path, page)
      .filter((file) => !exists(file))
      .map((file) => `${path} names ${file}, which is not there`),
  );
}
