import { type Authority, parseAuthority } from "./authority.ts";

/** A request target that we serve: in origin-form, or in absolute-form with the authority it names. */
export interface RequestTarget {
  /** Path and query, beginning with "/", byte for byte. */
  readonly path: string;
  readonly absolute: { readonly authority: Authority; readonly defaultPort: number } | undefined;
}

/** Why a target is refused, in one word. */
export type TargetFault =
  | "target-form"
  | "target-authority"
  | "target-character"
  | "target-fragment"
  | "target-percent"
  | "target-control";

/** Most targets have nothing but what all the rules below let pass. */
const PLAIN = /^[\w/.?=&-]*$/;
const ABSOLUTE = /^(?<scheme>https?):\/\/(?<authority>[^/?]*)(?<path>.*)$/is;

/** RFC 9112 section 3.2. The target is not normalised: the cache key has the target that is forwarded. */
export function parseTarget(target: string): RequestTarget | TargetFault {
  const fault = characterFault(target);
  if (fault !== undefined) return fault;
  if (target.startsWith("/")) return { path: target, absolute: undefined };
  const parts = ABSOLUTE.exec(target)?.groups;
  if (parts === undefined) return "target-form";
  const authority = parseAuthority(parts.authority ?? "");
  if (authority === undefined) return "target-authority";
  const defaultPort = parts.scheme?.toLowerCase() === "https" ? 443 : 80;
  return { path: withSlash(parts.path ?? ""), absolute: { authority, defaultPort } };
}

/** RFC 9110 section 4.2.3: an empty path is "/". */
function withSlash(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

function characterFault(target: string): TargetFault | undefined {
  if (PLAIN.test(target)) return undefined;
  // RFC 9112 section 3.2: a target has no fragment.
  if (target.includes("#")) return "target-fragment";
  // RFC 3986: printable ASCII only; some servers take a backslash for a slash.
  if (/[^\x21-\x7e]|\\/.test(target)) return "target-character";
  if (/%(?![0-9a-f]{2})/i.test(target)) return "target-percent";
  // A NUL, CR or LF that some later program would decode.
  return /%(?:00|0a|0d)/i.test(target) ? "target-control" : undefined;
}
