import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { describeError } from "../failure.ts";
import type { SettingsInput } from "../settings/program.ts";
import { isReadableByAll } from "../settings/small-file.ts";
import { show } from "../settings/values.ts";
import { READ_TOKEN_VARIABLE, TOKEN_VARIABLE, token } from "../token.ts";

/** The secret that a caller must know to change anything here. It is in private fields, which nothing prints. */
export class Token {
  readonly #secret: string;
  readonly #digest: Buffer;

  constructor(secret: string) {
    this.#secret = secret;
    this.#digest = digestOf(secret);
  }

  /** RFC 6750 section 2.1: the field by which a program that has this token calls another one. */
  get authorization(): string {
    return `Bearer ${this.#secret}`;
  }

  /** RFC 2104: by this, somebody who has the same token knows that the text comes from one who has it. */
  signatureOf(text: string): string {
    return createHmac("sha256", this.#secret).update(text).digest("base64url");
  }

  /** Whether `offered` is the signature of the text. Takes the same time however much of it is right. */
  signed(text: string, offered: string): boolean {
    return timingSafeEqual(digestOf(this.signatureOf(text)), digestOf(offered));
  }

  /** Takes the same time however much of `offered` is right: digests have one length and are compared whole. */
  matches(offered: string): boolean {
    return timingSafeEqual(this.#digest, digestOf(offered));
  }
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** The tokens that calls must come with. Without a token every call is allowed. */
export interface Tokens {
  /** Allows every call. */
  readonly token: Token | undefined;
  /** Allows the calls that only read. */
  readonly readToken: Token | undefined;
}

/** Whether somebody who offers this as a token may read what operators read. Without a token nobody has one. */
export function mayRead({ token, readToken }: Tokens, offered: string): boolean {
  return token?.matches(offered) === true || readToken?.matches(offered) === true;
}

export interface ConfiguredTokens extends Tokens {
  readonly problems: readonly string[];
}

/** Where one of the two secrets may be. */
interface Place {
  readonly flag: string;
  readonly path: string | undefined;
  readonly variable: string;
}

type Read = { readonly token: Token | undefined } | { readonly problem: string };

/**
 * The tokens of the environment, or of the files at these paths. There is no flag for a token itself: every user of
 * the machine can read another process's command line. An empty variable is none, as a container's may be.
 */
export function configuredTokens(
  input: Pick<SettingsInput, "env" | "readFile" | "warn">,
  { tokenFile, readTokenFile }: Readonly<Record<"tokenFile" | "readTokenFile", string | undefined>>,
): ConfiguredTokens {
  const full = read(input, { flag: "--token-file", path: tokenFile, variable: TOKEN_VARIABLE });
  const reading = read(input, {
    flag: "--read-token-file",
    path: readTokenFile,
    variable: READ_TOKEN_VARIABLE,
  });
  const problems = [full, reading].flatMap((each) => ("problem" in each ? [each.problem] : []));
  const token = "token" in full ? full.token : undefined;
  const readToken = "token" in reading ? reading.token : undefined;
  if (problems.length === 0 && token === undefined && readToken !== undefined) {
    problems.push(
      `--read-token-file: must be given with a token that allows purges (--token-file or ${TOKEN_VARIABLE}), got no such token`,
    );
  }
  return { token, readToken, problems };
}

function read(
  { env, readFile, warn }: Pick<SettingsInput, "env" | "readFile" | "warn">,
  { flag, path, variable }: Place,
): Read {
  const fromEnvironment = env[variable] ?? "";
  if (path === undefined) {
    return fromEnvironment === "" ? { token: undefined } : checked(variable, fromEnvironment);
  }
  if (fromEnvironment !== "") {
    return { problem: `${flag}: must not be given together with ${variable}, got both` };
  }
  if (isReadableByAll(path)) {
    warn?.(`${flag}: every user of this machine can read ${show(path)}; chmod 600 prevents it`);
  }
  try {
    // An editor ends the line; the token has no blanks of its own.
    return checked(flag, readFile(path).trim());
  } catch (thrown) {
    return { problem: `${flag}: must be a file that can be read (${describeError(thrown)})` };
  }
}

/** The message says what is wrong with the value, and never the value. */
function checked(field: string, value: string): Read {
  const secret = token.parse(value);
  if (secret !== undefined) return { token: new Token(secret) };
  return { problem: `${field}: must be ${token.rule}, got ${value.length} characters that are not shown` };
}
