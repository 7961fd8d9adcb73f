import type { SettingsInput } from "../settings/program.ts";
import type { Caller } from "./callers.ts";
import { type ControlFiles, type ControlValues, controlFilesOf } from "./control-files.ts";
import { configuredTokens, type Tokens } from "./tokens.ts";

/** How callers of a program's control and operator ports prove who they are. */
export interface ControlConfig {
  readonly tokens: Tokens;
  /** undefined: no certificates. */
  readonly control: ControlFiles | undefined;
  /** undefined: none is listed. */
  readonly callers: readonly Caller[] | undefined;
}

export const NO_CONTROL: ControlConfig = {
  tokens: { token: undefined, readToken: undefined },
  control: undefined,
  callers: undefined,
};

interface GivenValues extends ControlValues {
  readonly tokenFile: string | undefined;
  readonly readTokenFile: string | undefined;
  readonly callers: readonly Caller[] | undefined;
}

/** Reads the tokens; the certificates are read when the program starts. */
export function controlConfigOf(
  input: SettingsInput,
  values: GivenValues,
): ControlConfig & { readonly problems: readonly string[] } {
  const { callers } = values;
  const { problems: tokenProblems, ...tokens } = configuredTokens(input, values);
  const { problems: fileProblems, files: control } = controlFilesOf(values, input);
  const problems = [...tokenProblems, ...fileProblems];
  if (callers !== undefined && values.controlCa === undefined) {
    const rule = "must be given together with --control-ca, --control-cert and --control-key";
    problems.push(`callers: ${rule}, got no --control-ca`);
  }
  return { tokens, control, callers, problems };
}

/** Whether a caller of another machine can prove who it is. */
export function asksForProof({ tokens, control }: Pick<ControlConfig, "tokens" | "control">): boolean {
  return tokens.token !== undefined || control !== undefined;
}

/** Certificates alone let nobody in. `exception`: when nobody needs to be let in. */
export function callersProblems(
  { callers, control, tokens }: ControlConfig,
  exception = "there is a token",
): string[] {
  if (callers !== undefined || control === undefined || tokens.token !== undefined) return [];
  return [
    `callers: must be given with --control-ca in the configuration file unless ${exception}, got nothing`,
  ];
}
