import type { ValueType } from "./settings/values.ts";

/** The environment variable with the token: the edge's, the admin CLI's, the one-command system's. */
export const TOKEN_VARIABLE = "EDGECACHE_TOKEN";

/** The same for the token that allows a caller to read, and to change nothing. */
export const READ_TOKEN_VARIABLE = "EDGECACHE_READ_TOKEN";

// Characters that a metadata value can carry (RFC 9110 section 5.5), without blanks, which are invisible at the end.
const SHAPE = /^[\x21-\x7e]{1,256}$/;

/** The secret that allows a caller to change state. It is never shown. */
export const token: ValueType<string> = {
  name: "token",
  rule: "1 to 256 printable ASCII characters without blanks",
  parse: (value) => (SHAPE.test(value) ? value : undefined),
  format: () => "***",
};
