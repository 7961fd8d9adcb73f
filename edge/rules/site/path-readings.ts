/**
 * The readings of a path. Servers decode it, merge slashes, resolve dot segments, drop `;parameters` and ignore case,
 * each in its own way. Rules see the path in its normal form: decoded once, slashes merged, dot segments resolved. Rules
 * that guard see every reading.
 */

/** A path that every server reads in the same way, case aside. */
const IS_ODD = /[%;\\]|\/[/.]/;

/** Whether its normal form is the path itself, and every reading is the same in lower case. */
export function isPlainPath(path: string): boolean {
  return !IS_ODD.test(path);
}

/** The path of a target: the same text when there is no query. */
export function pathOf(target: string): string {
  const at = target.indexOf("?");
  return at === -1 ? target : target.slice(0, at);
}

/** The normal form. A char stands for a byte. */
export function normalPath(path: string): string {
  return IS_ODD.test(path) ? resolved(merged(decoded(path))) : path;
}

/** Every reading, in lower case. */
export function guardedPaths(path: string): readonly string[] {
  const lower = path.toLowerCase();
  if (!IS_ODD.test(lower)) return [lower];
  const readings = new Set<string>();
  // Some programs decode twice, one behind the other.
  for (const once of [lower, decoded(lower), decoded(decoded(lower))]) {
    const slashed = once.toLowerCase().replaceAll("\\", "/");
    for (const text of [slashed, slashed.replace(/;[^/]*/g, "")]) {
      const unresolved = merged(text);
      readings.add(unresolved);
      readings.add(resolved(unresolved));
    }
  }
  return [...readings];
}

function decoded(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function merged(path: string): string {
  return path.replace(/\/{2,}/g, "/");
}

/** RFC 3986 section 5.2.4. */
function resolved(path: string): string {
  if (!path.includes("/.")) return path;
  const kept: string[] = [];
  const segments = path.split("/");
  for (const [at, segment] of segments.entries()) {
    const isLast = at === segments.length - 1;
    if (segment === "..") {
      if (kept.length > 1) kept.pop();
      if (isLast) kept.push("");
    } else if (segment !== ".") kept.push(segment);
    else if (isLast) kept.push("");
  }
  return kept.length === 1 ? "/" : kept.join("/");
}

/** The path of one request, whose readings are made when a rule asks for them. */
export class SeenPath {
  readonly #path: string;
  #normal: string | undefined;
  #guarded: readonly string[] | undefined;

  constructor(target: string) {
    this.#path = pathOf(target);
  }

  get normal(): string {
    this.#normal ??= normalPath(this.#path);
    return this.#normal;
  }

  get guarded(): readonly string[] {
    this.#guarded ??= guardedPaths(this.#path);
    return this.#guarded;
  }
}
