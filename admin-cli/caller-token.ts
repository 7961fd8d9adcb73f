import { Failure } from "../process/failure.ts";
import { TOKEN_VARIABLE, token } from "../process/token.ts";

/**
 * The token that a call which changes state comes with; undefined when none is set. There is no flag for it: every
 * user of the machine can read another process's command line. Throws Failure("bad-usage"), without the value.
 */
export function callerToken(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const given = env[TOKEN_VARIABLE] ?? "";
  if (given === "") return undefined;
  const secret = token.parse(given);
  if (secret !== undefined) return secret;
  const got = `${given.length} characters that are not shown`;
  throw new Failure("bad-usage", "client", `${TOKEN_VARIABLE}: must be ${token.rule}, got ${got}`);
}
