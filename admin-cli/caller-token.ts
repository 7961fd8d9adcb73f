import { Failure } from "../process/failure.ts";
import { READ_TOKEN_VARIABLE, TOKEN_VARIABLE, token } from "../process/token.ts";

/**
 * The token for calls: the full token, else the read token, else undefined. There is no flag for it, because every
 * user of the machine can read another process's command line. Throws Failure("bad-usage") without the value.
 */
export function callerToken(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const variable = [TOKEN_VARIABLE, READ_TOKEN_VARIABLE].find((name) => (env[name] ?? "") !== "");
  if (variable === undefined) return undefined;
  const given = env[variable] ?? "";
  const secret = token.parse(given);
  if (secret !== undefined) return secret;
  const got = `${given.length} characters that are not shown`;
  throw new Failure("bad-usage", "client", `${variable}: must be ${token.rule}, got ${got}`);
}
