import { createHash, timingSafeEqual } from "node:crypto";
import { describeError } from "../../process/failure.ts";
import type { SettingsInput } from "../../process/settings/program.ts";
import { isReadableByAll } from "../../process/settings/small-file.ts";
import { show } from "../../process/settings/values.ts";
import { TOKEN_VARIABLE, token } from "../../process/token.ts";

/** The secret that a caller must know to change anything here. It is kept as a digest, so nothing can print it. */
export class Token {
  readonly #digest: Buffer;

  constructor(secret: string) {
    this.#digest = digestOf(secret);
  }

  /** Takes the same time however much of `offered` is right: digests have one length and are compared whole. */
  matches(offered: string): boolean {
    return timingSafeEqual(this.#digest, digestOf(offered));
  }
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** `token` is undefined when none is configured. */
export interface ConfiguredToken {
  readonly token: Token | undefined;
  readonly problems: readonly string[];
}

/**
 * The token of the environment, or of the file at `path`. There is no flag for the token itself: every user of the
 * machine can read another process's command line. An empty variable is none, as a container's may be.
 */
export function configuredToken(
  { env, readFile, warn }: Pick<SettingsInput, "env" | "readFile" | "warn">,
  path: string | undefined,
): ConfiguredToken {
  const fromEnvironment = env[TOKEN_VARIABLE] ?? "";
  if (path === undefined) {
    return fromEnvironment === ""
      ? { token: undefined, problems: [] }
      : checked(TOKEN_VARIABLE, fromEnvironment);
  }
  if (fromEnvironment !== "") {
    return refused(`--token-file: must not be given together with ${TOKEN_VARIABLE}, got both`);
  }
  if (isReadableByAll(path)) {
    warn?.(`--token-file: every user of this machine can read ${show(path)}; chmod 600 prevents it`);
  }
  try {
    // An editor ends the line; the token has no blanks of its own.
    return checked("--token-file", readFile(path).trim());
  } catch (thrown) {
    return refused(`--token-file: must be a file that can be read (${describeError(thrown)})`);
  }
}

/** The message says what is wrong with the value, and never the value. */
function checked(field: string, value: string): ConfiguredToken {
  const secret = token.parse(value);
  if (secret !== undefined) return { token: new Token(secret), problems: [] };
  return refused(`${field}: must be ${token.rule}, got ${value.length} characters that are not shown`);
}

function refused(problem: string): ConfiguredToken {
  return { token: undefined, problems: [problem] };
}
