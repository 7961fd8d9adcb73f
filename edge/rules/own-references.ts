import type { Fields } from "../../http/message/fields.ts";

const NAMES = ["Location", "Content-Location"];

const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/is;

/**
 * The fields with references to the origin's own address made relative (RFC 9110 section 10.2.2): a client resolves them
 * against the URL that it asked for, so they lead back through the edge, whatever host and scheme that has. `own`: the
 * host[:port] of the origin, in lower case.
 */
export function relativeReferences(fields: Fields, own: ReadonlySet<string>): Fields {
  if (own.size === 0) return fields;
  let mapped = fields;
  for (const name of NAMES) {
    const [only, ...others] = fields.all(name);
    const relative = only === undefined || others.length > 0 ? undefined : relativeOf(only, own);
    if (relative !== undefined) mapped = mapped.with(name, relative);
  }
  return mapped;
}

function relativeOf(reference: string, own: ReadonlySet<string>): string | undefined {
  const [, authority, rest = ""] = ABSOLUTE.exec(reference) ?? [];
  if (authority === undefined || !own.has(authority.toLowerCase())) return undefined;
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  // RFC 3986 section 4.2: two slashes at the beginning would name another host. So would a backslash, to browsers.
  return /^\/[/\\]/.test(path) ? `/.${path}` : path;
}

/** How a URL may write its host and port: the default one may be left out (RFC 9110 section 4.2.3). */
export function authoritiesOf(url: URL): readonly string[] {
  const { host, hostname, port, protocol } = url;
  return port === "" ? [host, `${hostname}:${protocol === "https:" ? 443 : 80}`] : [host];
}
