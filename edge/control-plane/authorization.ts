import type { Metadata } from "@grpc/grpc-js";
import { type Refused, refused } from "./refused.ts";
import type { Token } from "./token.ts";

// RFC 9110 section 11.1: the scheme's name is case-insensitive.
const BEARER = /^bearer +(\S+)$/i;

const RULE = "authorization: must be the metadata `authorization: Bearer <the edge's EDGECACHE_TOKEN>`";

/** Undefined when the call may change state. The answer tells what was wrong, never what was offered. */
export function authorize(metadata: Metadata, token: Token | undefined): Refused | undefined {
  // Without a token the control port listens on loopback only, where the machine's users are trusted.
  if (token === undefined) return undefined;
  const given = metadata.get("authorization");
  const [credentials] = given;
  if (credentials === undefined) return refused("unauthenticated", `${RULE}: got none`);
  if (given.length > 1) return refused("unauthenticated", `${RULE}: got ${given.length} of them`);
  const offered = BEARER.exec(String(credentials))?.[1];
  if (offered === undefined) return refused("unauthenticated", `${RULE}: got something else`);
  return token.matches(offered) ? undefined : refused("unauthenticated", `${RULE}: got another token`);
}
