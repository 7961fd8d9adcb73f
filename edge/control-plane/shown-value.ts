import { createHash } from "node:crypto";

// These say what a client can read, and not who it is. The value of any other field may let somebody in.
const HARMLESS = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "available-dictionary",
  "origin",
  "sec-ch-ua-mobile",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "x-requested-with",
]);

// Operators distinguish variants by the values shown. The Accept of a browser is not longer.
const MOST_SHOWN = 100;

// 32 bits tell the variants of one URL apart, and leave too many values to be guessed from them.
const DIGEST_DIGITS = 8;

/**
 * What an operator may see of a request field that a stored variant was selected by. Cookies and credentials are those
 * of a client: only a digest of them is shown, by which equal values can be recognised.
 */
export function shownValue(name: string, value: string | undefined): string {
  if (value === undefined || value === "") return "";
  if (!HARMLESS.has(name.toLowerCase())) {
    const digest = createHash("sha256").update(value).digest("hex").slice(0, DIGEST_DIGITS);
    return `(sha256 ${digest}…)`;
  }
  return value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value;
}
