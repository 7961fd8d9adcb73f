import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Signatures of URLs. Whoever has a key can make a token for a URL, or for all URLs below a path, until some time. The
 * token stands in a parameter of the URL: `<key id>.<expires>.<scope>.<signature>`, where the scope is `u` for the URL
 * or `p` and the length of the path.
 *
 * The signature is HMAC-SHA-256 of these lines: `edgecache-url-1`, the host (with its port, unless it is the usual one),
 * the time of expiry in seconds since 1970, the scope, and the path with query as the client sends it, without the
 * token; of a prefix its path alone. Method and scheme are not in it.
 */
export interface SigningKey {
  readonly id: string;
  readonly secret: string;
}

/** What a token allows. */
export interface UrlClaim {
  /** As in a Host field, in lower case. */
  readonly host: string;
  /** In seconds since 1970; from then on it allows nothing. */
  readonly expires: number;
  readonly scope: "url" | "prefix";
  /** Path and query, or the path to which the URLs are below: it ends with "/". */
  readonly text: string;
}

/** A token as it reads; nothing says that it is right. */
export interface UrlToken extends Pick<UrlClaim, "expires"> {
  readonly id: string;
  /** The length of the path to which the URLs are below; undefined: it is for one URL. */
  readonly prefixLength: number | undefined;
  readonly signature: string;
}

// SHA-256 has 32 bytes: 43 characters of base64url.
const TOKEN =
  /^(?<id>[\w-]{1,32})\.(?<expires>[1-9]\d{0,11})\.(?:u|p(?<length>[1-9]\d{0,4}))\.(?<signature>[\w-]{43})$/;

// As much as the HMAC has; less could be guessed.
const SHORTEST_SECRET = 32;
// An old and a new one are needed. More is a mistake.
const MOST_KEYS = 16;
const LINE = /^(?<id>[\w-]{1,32})\s+(?<secret>[\x21-\x7e]{1,256})$/;

export const KEY_FILE_RULE = `lines with the id of a key and its secret, the key that signs first: an id is 1 to 32 letters, digits, "_" and "-"; a secret is ${SHORTEST_SECRET} to 256 printable ASCII characters without blanks; at most ${MOST_KEYS} keys`;

export function urlToken({ id, secret }: SigningKey, claim: UrlClaim): string {
  const scope = scopeOf(claim);
  return `${id}.${claim.expires}.${scope}.${signatureOf(secret, claim, scope)}`;
}

/** undefined: it is none. */
export function readUrlToken(text: string): UrlToken | undefined {
  const groups = TOKEN.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { id = "", expires, length, signature = "" } = groups;
  const prefixLength = length === undefined ? undefined : Number(length);
  return { id, expires: Number(expires), prefixLength, signature };
}

/** Whether the key has signed the claim. It takes the same time however much of the signature is right. */
export function isSignedBy({ secret }: SigningKey, claim: UrlClaim, { signature }: UrlToken): boolean {
  const wanted = Buffer.from(signatureOf(secret, claim, scopeOf(claim)));
  const given = Buffer.from(signature);
  return wanted.byteLength === given.byteLength && timingSafeEqual(wanted, given);
}

function scopeOf({ scope, text }: UrlClaim): string {
  return scope === "url" ? "u" : `p${text.length}`;
}

function signatureOf(secret: string, { host, expires, text }: UrlClaim, scope: string): string {
  // None of these has a line end.
  const lines = ["edgecache-url-1", host, String(expires), scope, text];
  return createHmac("sha256", secret).update(lines.join("\n")).digest("base64url");
}

/** The keys in the text of a file; or what is wrong with it, without any secret. */
export function readSigningKeys(text: string): readonly SigningKey[] | string {
  const keys: SigningKey[] = [];
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const { id, secret } = LINE.exec(line)?.groups ?? {};
    if (id === undefined || secret === undefined) return `line ${at + 1} is not an id and a secret`;
    if (secret.length < SHORTEST_SECRET)
      return `the secret in line ${at + 1} has ${secret.length} characters`;
    if (keys.some((key) => key.id === id)) return `line ${at + 1} has the id ${id} again`;
    keys.push({ id, secret });
  }
  if (keys.length === 0) return "it has no key";
  return keys.length > MOST_KEYS ? `it has ${keys.length} keys` : keys;
}
