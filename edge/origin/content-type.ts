import { mimes } from "mrmime";

// A map, because the table is a plain object, in which "constructor" is found too.
const types: ReadonlyMap<string, string> = new Map(Object.entries(mimes));

/** The media type that the end of a file name stands for. `application/octet-stream` when it says nothing. */
export function contentTypeOf(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  const type = dot < 0 ? undefined : types.get(fileName.slice(dot + 1).toLowerCase());
  if (type === undefined) return "application/octet-stream";
  return isUtf8Text(type) ? `${type}; charset=utf-8` : type;
}

// Text that a browser would decode by guess, or as the page that includes it, if we did not say UTF-8.
function isUtf8Text(type: string): boolean {
  return /^text\/|[/+]json$|\/javascript$|^image\/svg\+xml$/.test(type);
}
