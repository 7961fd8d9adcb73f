/**
 * The target (path and query) that a reference in a response names; undefined: it is of another origin than the request,
 * or not a reference. `origin` is the scheme://authority of the request.
 */
export function sameOriginTarget(reference: string, origin: string, target: string): string | undefined {
  if (/[^\x21-\x7e]/.test(reference)) return undefined;
  const withoutFragment = reference.split("#", 1)[0] ?? "";
  // Byte for byte, as keys are: resolution would rewrite dot segments.
  if (withoutFragment.startsWith("/") && !withoutFragment.startsWith("//")) return withoutFragment;
  if (!URL.canParse(origin)) return undefined;
  const base = new URL(origin);
  const absolute = /^([a-z][a-z0-9+.-]*:)?\/\/([^/?]*)(.*)$/i.exec(withoutFragment);
  if (absolute !== null) {
    const [, scheme = base.protocol, authority = "", rest = ""] = absolute;
    const named = `${scheme}//${authority}`;
    // RFC 9110 section 4.3.1: the same scheme, host and port.
    if (!URL.canParse(named) || new URL(named).origin !== base.origin) return undefined;
    return rest.startsWith("/") ? rest : `/${rest}`;
  }
  // RFC 3986 section 5.2: a relative reference is resolved against the target URI.
  const against = `${base.origin}${target}`;
  if (!URL.canParse(withoutFragment, against)) return undefined;
  const resolved = new URL(withoutFragment, against);
  return resolved.origin === base.origin ? `${resolved.pathname}${resolved.search}` : undefined;
}
