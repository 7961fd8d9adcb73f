import { isLoopback } from "../address.ts";
import { show } from "../settings/values.ts";
import type { Callers } from "./callers.ts";
import { asksForProof, type ControlConfig } from "./control-config.ts";
import type { ControlIdentity } from "./control-identity.ts";
import { mayRead, type Tokens } from "./tokens.ts";

const LOOPBACK = "127.0.0.1";

interface Hosts extends Pick<ControlConfig, "tokens" | "control"> {
  readonly host: string;
  readonly adminHost: string | undefined;
}

/** Where the operator port listens. Without a token or certificates only this machine can reach it. */
export function operatorHost({ host, adminHost, ...proof }: Hosts): string {
  if (adminHost !== undefined) return adminHost;
  return asksForProof(proof) || isLoopback(host) ? host : LOOPBACK;
}

/** A host that was asked for, and that strangers could reach. */
export function operatorHostProblems({ adminHost, ...proof }: Omit<Hosts, "host">): readonly string[] {
  if (adminHost === undefined || isLoopback(adminHost) || asksForProof(proof)) return [];
  const rule = "must be a loopback address unless there is a token or --control-cert";
  return [`--admin-host: ${rule}, got ${show(adminHost)}`];
}

/** Whom the operator port of other machines lets read. */
export interface OperatorAccess {
  readonly tokens: Tokens;
  /** undefined: the port speaks no TLS. */
  readonly identity: ControlIdentity | undefined;
  /** Of this moment. */
  readonly callers: () => Callers | undefined;
}

/** Who asks for a page. */
export interface OperatorCaller {
  /** The field Authorization. */
  readonly authorization: string | undefined;
  /** Of its certificate; undefined: it showed none that is valid. */
  readonly names: readonly string[] | undefined;
}

export type OperatorVerdict =
  | { readonly kind: "may" }
  /** RFC 9110 section 15.5.2: it may ask again with a token. */
  | { readonly kind: "unauthenticated"; readonly why: string }
  | { readonly kind: "forbidden"; readonly why: string };

// RFC 9110 section 11.1: the scheme's name is case-insensitive. RFC 6750 section 2.1.
const BEARER = /^bearer +(\S+)$/i;

/** A right to read is enough: no page changes anything. */
export function mayReadPages(
  { authorization, names }: OperatorCaller,
  { tokens, callers }: Pick<OperatorAccess, "tokens" | "callers">,
): OperatorVerdict {
  if (names !== undefined && callers()?.rightsOf(names)?.has("read") === true) return { kind: "may" };
  if (tokens.token !== undefined && (authorization !== undefined || names === undefined)) {
    const offered = BEARER.exec(authorization ?? "")?.[1];
    if (offered !== undefined && mayRead(tokens, offered)) return { kind: "may" };
    const got =
      authorization === undefined
        ? "got none"
        : offered === undefined
          ? "got something else"
          : "got another token";
    const rule = "must be Bearer <the program's token or read token>";
    return { kind: "unauthenticated", why: `Authorization: ${rule}: ${got}` };
  }
  const rule = "must have a name that `callers` of the configuration lets read";
  return { kind: "forbidden", why: `certificate: ${rule}: got ${show((names ?? []).join(", "))}` };
}
