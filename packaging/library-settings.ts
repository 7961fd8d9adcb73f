import type { edgeProgram } from "../edge/config.ts";
import type { Section, Settings } from "../process/settings/program.ts";
import type { routerProgram } from "../router/config.ts";

/** A setting as the flag of its name takes it; `true` for a flag without value. undefined: it is not given. */
export type SettingValue = string | number | boolean | readonly string[] | undefined;

/** The names of settings that flags have: sections of the configuration file have none. */
type FlagsOf<S extends Settings> = {
  [K in keyof S]: S[K] extends Section<unknown> ? never : K;
}[keyof S];

// The package has the same types written out, with the help of each setting: packaging/written-settings.ts.
export type EdgeSettings = {
  readonly [K in FlagsOf<(typeof edgeProgram)["settings"]> | "config"]?: SettingValue;
};

export type RouterSettings = {
  readonly [K in FlagsOf<(typeof routerProgram)["settings"]> | "config"]?: SettingValue;
};
