import { systemClock } from "../process/clock.ts";
import { ControlIdentity } from "../process/control/control-identity.ts";
import { Failure } from "../process/failure.ts";
import type { PROOF_OPTIONS } from "./arguments.ts";
import { callerToken } from "./caller-token.ts";

/** How the caller proves who it is, and how it knows the others. */
export interface Proof {
  /** The token of every call; undefined if it has none. */
  readonly token: string | undefined;
  /** undefined: calls go without TLS. */
  readonly identity: ControlIdentity | undefined;
}

export type ProofValues = { readonly [Name in keyof typeof PROOF_OPTIONS]?: string | undefined };

type Environment = Readonly<Record<string, string | undefined>>;

// A command is over before a certificate that ends soon has ended, and whoever renews it reads the metrics.
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Throws Failure("bad-usage") for a token that cannot be sent and for files that do not fit. */
export function callerProof(values: ProofValues, env: Environment): Proof {
  return { token: callerToken(env), identity: identityOf(values, env) };
}

function identityOf(values: ProofValues, env: Environment): ControlIdentity | undefined {
  const [ca, cert, key] = (["control-ca", "control-cert", "control-key"] as const).map((name) => {
    const variable = env[`EDGECACHE_${name.toUpperCase().replace("-", "_")}`];
    return values[name] ?? (variable === "" ? undefined : variable);
  });
  if ((cert === undefined) !== (key === undefined)) {
    const got = cert === undefined ? "--control-key" : "--control-cert";
    throw badUsage(`--control-cert, --control-key: must be given together, got only ${got}`);
  }
  if (ca === undefined) {
    if (cert === undefined) return undefined;
    throw badUsage("--control-ca: must be given with --control-cert, got nothing");
  }
  const pair = cert === undefined || key === undefined ? undefined : { cert, key };
  try {
    return new ControlIdentity({ ca, pair }, systemClock, QUIET);
  } catch (thrown) {
    if (thrown instanceof Failure) throw badUsage(thrown.message);
    throw thrown;
  }
}

function badUsage(message: string): Failure {
  return new Failure("bad-usage", "client", message);
}
