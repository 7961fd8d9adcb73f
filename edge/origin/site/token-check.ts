import {
  isSignedBy,
  readUrlToken,
  type SigningKey,
  type UrlClaim,
  type UrlToken,
} from "../../../process/url-signature.ts";
import { guardedPaths, pathOf } from "../../rules/site/path-readings.ts";
import type { AskedUrl, SignSettings, TokenCheck } from "../../rules/site/signed-urls.ts";

/** The check of a site's tokens. Any of its keys may have signed: so a new one can take the place of an old one. */
export function tokenCheck(keys: readonly SigningKey[], { longest }: SignSettings): TokenCheck {
  return (text, asked, now) => {
    const token = readUrlToken(text);
    if (token === undefined) return "malformed";
    const key = keys.find(({ id }) => id === token.id);
    if (key === undefined) return "unknown-key";
    const claim = claimOf(token, asked);
    if (claim === undefined) return "other-path";
    // First, so that a client without a key learns nothing of times.
    if (!isSignedBy(key, claim, token)) return "wrong-signature";
    const expires = token.expires * 1_000;
    if (now >= expires) return "expired";
    return expires - now > longest ? "expires-too-late" : undefined;
  };
}

/** What the token would have to be signed for. undefined: it is for other paths. */
function claimOf({ expires, prefixLength }: UrlToken, { host, target }: AskedUrl): UrlClaim | undefined {
  if (prefixLength === undefined) return { host, expires, scope: "url", text: target };
  const path = pathOf(target);
  const text = path.slice(0, prefixLength);
  if (text.length < prefixLength || !text.endsWith("/") || !isBelow(path, text)) return undefined;
  return { host, expires, scope: "prefix", text };
}

/** Whether the path is below the other one in every reading: `/a/%2e%2e/b` is not below `/a/`. */
function isBelow(path: string, prefix: string): boolean {
  const prefixes = guardedPaths(prefix);
  return guardedPaths(path).every((reading) => prefixes.some((begin) => reading.startsWith(begin)));
}
