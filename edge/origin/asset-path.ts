/** The file or directory that a request target names, below the root of a directory origin. */
export interface AssetPath {
  /** File names from the root down, one character for each byte (latin1), so that any name on disk can be asked for. */
  readonly names: readonly string[];
  /** The path ended in "/": the index of a directory is meant. */
  readonly directory: boolean;
}

/**
 * The names in a request target, percent-decoded once, or undefined when it can name no file that may be served:
 * a hidden name, "." and ".." among them, encoded or not; an empty name inside the path; an encoded "/" or NUL;
 * a broken escape. The query is ignored.
 */
export function assetPath(target: string): AssetPath | undefined {
  const path = pathOf(target);
  if (!path.startsWith("/")) return undefined;
  const segments = path.slice(1).split("/");
  const directory = segments.at(-1) === "";
  if (directory) segments.pop();
  const names: string[] = [];
  for (const segment of segments) {
    const name = decodeSegment(segment);
    if (name === undefined || !mayBeServed(name)) return undefined;
    names.push(name);
  }
  return { names, directory };
}

/** The file that answers for its directory. */
export const INDEX = "index.html";

/**
 * The one target by which clients get a file: a relative reference that keeps the query. It is encoded anew, and no
 * name is empty, so that it can not become "//host". A file has one, or it would be stored under several keys.
 */
export function canonicalTarget({ names, directory }: AssetPath, target: string): string {
  const query = target.slice(pathOf(target).length);
  const isIndex = !directory && names.at(-1) === INDEX;
  const shown = isIndex ? names.slice(0, -1) : names;
  const path = shown.map((name) => `/${name.replaceAll(NEEDS_ESCAPE, percentEncode)}`).join("");
  return `${path}${directory || isIndex ? "/" : ""}${query.replaceAll(/[^\x21-\x7e]/g, percentEncode)}`;
}

// RFC 3986 section 3.3: a path segment may hold all other characters unescaped.
const NEEDS_ESCAPE = /[^A-Za-z0-9._~!$&'()*+,;=:@-]/g;

function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

function mayBeServed(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !name.includes("/") && !name.includes("\0");
}

function decodeSegment(segment: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})|[^\0-\xff]/.test(segment)) return undefined;
  return segment.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function percentEncode(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
