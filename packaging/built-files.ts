// A file of our own that is started rather than imported: `new URL("./worker.ts", import.meta.url)` for a thread,
// `join(import.meta.dirname, "..", "start", "try.ts")` for a program.
const STARTED = /(new URL\(\s*"\.[^"\n]*|import\.meta\.dirname(?:,\s*"[^"\n]*")*,\s*"[^"\n]*)\.ts"/g;
const SOURCE = /^.*["'`][^"'`\n]*\.ts["'`].*$/m;

/** Leads the code of `path` to the JavaScript of the files that it starts: tsc does that for imports only. */
export function withBuiltFiles(path: string, code: string): string {
  const built = code.replace(STARTED, '$1.js"');
  const left = SOURCE.exec(built.replace(/^\s*(\/\/|\/?\*).*$/gm, ""));
  if (left !== null) throw new Error(`${path}: the package has no .ts files: ${left[0].trim()}`);
  return built;
}
