import type { CallerRight, Callers } from "../../process/control/callers.ts";
import type { Tokens } from "../../process/control/tokens.ts";
import { READ_TOKEN_VARIABLE, TOKEN_VARIABLE } from "../../process/token.ts";
import { breach, type CallFault, callFault } from "./call-result.ts";

/** What a call does with the edge: `open` calls say nothing that a router or a health check must not know. */
export type CallRight = "open" | CallerRight;

/** Who calls, as far as that is known before the call is read. */
export interface CallOrigin {
  /** Every value of `authorization` that came with it. */
  readonly authorization: readonly string[];
  /** What such values come in: the metadata of gRPC, or a field of HTTP. */
  readonly by: "metadata" | "field";
  /** Of its certificate; undefined: it showed none. */
  readonly names: readonly string[] | undefined;
}

/** Whom the edge lets do what. */
export interface CallRules {
  readonly tokens: Tokens;
  /** undefined: callers are not asked for certificates. */
  readonly callers: Callers | undefined;
}

/** Undefined when the call may be made. The answer tells what was wrong, never what was offered as a token. */
export function authorize(
  { authorization, by, names }: CallOrigin,
  right: CallRight,
  { tokens, callers }: CallRules,
): CallFault | undefined {
  const has = names === undefined ? undefined : callers?.rightsOf(names);
  if (has !== undefined && (right === "open" || has.has(right))) return undefined;
  // Without a token the control port listens on loopback only, where the machine's users are trusted.
  if (callers === undefined && tokens.token === undefined) return undefined;
  if (right === "open" && tokens.token !== undefined) return undefined;
  const byToken = tokens.token !== undefined && (authorization.length > 0 || names === undefined);
  if (!byToken) return nameFault(names ?? [], right);
  const got = tokenProblem(authorization, right, tokens);
  return got === undefined ? undefined : unauthenticated(by, right, got);
}

function nameFault(names: readonly string[], right: CallRight): CallFault {
  const what = right === "open" ? "call" : right;
  const rule = `must have a name that \`callers\` of the edge's configuration lets ${what}`;
  return callFault("permission-denied", breach("certificate", rule, names.join(", ")));
}

// RFC 9110 section 11.1: the scheme's name is case-insensitive.
const BEARER = /^bearer +(\S+)$/i;

/** What was offered in place of the token; undefined when it is right. */
function tokenProblem(given: readonly string[], right: CallRight, tokens: Tokens): string | undefined {
  const [credentials] = given;
  if (credentials === undefined) return "got none";
  if (given.length > 1) return `got ${given.length} of them`;
  const offered = BEARER.exec(credentials)?.[1];
  if (offered === undefined) return "got something else";
  if (tokens.token?.matches(offered) === true) return undefined;
  if (tokens.readToken?.matches(offered) !== true) return "got another token";
  return right === "read" ? undefined : "got the read token";
}

function unauthenticated(by: CallOrigin["by"], right: CallRight, got: string): CallFault {
  const which = right === "read" ? `${TOKEN_VARIABLE} or ${READ_TOKEN_VARIABLE}` : TOKEN_VARIABLE;
  const rule = `must be the ${by} \`authorization: Bearer <the edge's ${which}>\``;
  return callFault("unauthenticated", `authorization: ${rule}: ${got}`);
}
