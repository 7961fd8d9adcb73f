/**
 * RFC 3986 section 6.2.2: the form that all targets have in common which are the same by syntax. An escaped character
 * that needs no escape is written plainly, hexadecimal digits are in upper case, and dot segments are resolved.
 */
export function normalTarget(target: string): string {
  // Nearly every target is normal.
  if (!/%|\/\./.test(target)) return target;
  const unescaped = withNormalEscapes(target);
  const query = unescaped.indexOf("?");
  const path = query === -1 ? unescaped : unescaped.slice(0, query);
  return withoutDotSegments(path) + (query === -1 ? "" : unescaped.slice(query));
}

/** The same of the beginning of a target. Its last segment may go on, so it is no dot segment yet. */
export function normalPrefix(prefix: string): string {
  if (prefix.includes("?")) return normalTarget(prefix);
  const last = prefix.lastIndexOf("/") + 1;
  return normalTarget(prefix.slice(0, last)) + withNormalEscapes(prefix.slice(last));
}

function withNormalEscapes(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, normalEscape);
}

/** RFC 3986 section 2.3: the characters that mean the same escaped or not. */
const UNRESERVED = /[A-Za-z0-9._~-]/;

function normalEscape(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return UNRESERVED.test(character) ? character : escaped.toUpperCase();
}

/** RFC 3986 section 5.2.4. */
function withoutDotSegments(path: string): string {
  if (!path.includes("/.")) return path;
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
    // "/a/." is "/a/".
    if (isLast && (segment === "." || segment === "..")) kept.push("");
  }
  return `/${kept.join("/")}`;
}
