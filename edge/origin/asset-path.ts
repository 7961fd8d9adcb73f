/** What the target of a request names below the root of a directory origin. */
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

/**
 * Where a directory that was asked for without its "/" is found: a relative reference that keeps the query. It is
 * encoded anew, and no name is empty, so that it can not become "//host".
 */
export function directoryLocation(path: AssetPath, target: string): string {
  const query = target.slice(pathOf(target).length);
  const names = path.names.map((name) => `/${name.replaceAll(/[^A-Za-z0-9._~-]/g, percentEncode)}`);
  return `${names.join("")}/${query.replaceAll(/[^\x21-\x7e]/g, percentEncode)}`;
}

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
