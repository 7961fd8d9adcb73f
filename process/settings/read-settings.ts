import { Failure } from "../failure.ts";
import { readFileValues } from "./file-values.ts";
import { type FlagForm, readFlags } from "./flags.ts";
import {
  configFile,
  isSection,
  kebab,
  type Program,
  type Section,
  type Setting,
  type Settings,
  type SettingsInput,
  type Values,
  variableName,
} from "./program.ts";
import { flag, hintBehind, show, type ValueType } from "./values.ts";

/**
 * Reads every setting: flag before environment before file before default. Unknown environment variables are
 * ignored, because the environment belongs to the whole machine; unknown flags and file keys are refused.
 * Throws Failure("bad-config", "config"): one line per problem, each naming field, rule and value.
 */
export function readSettings<S extends Settings>(program: Program<S>, input: SettingsInput): Values<S> {
  const flags = readFlags(flagNames(program.settings), input.argv);
  const problems = [...flags.problems];
  const parsed = <T>(type: ValueType<T>, label: string, given: string | undefined): T | undefined => {
    if (given === undefined) return undefined;
    const value = type.parse(given);
    if (value === undefined) {
      const hint = hintBehind(type, given);
      problems.push(`${label}: must be ${type.rule}, got ${show(given)}${hint}`);
    }
    return value;
  };

  const configVariable = variableName(program.name, "config");
  const path =
    parsed(configFile, "--config", flags.values.get("config")) ??
    parsed(configFile, configVariable, input.env[configVariable]);
  const file = path === undefined ? {} : readFileValues(program.settings, path, input.readFile, problems);

  const values: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries<Setting<unknown> | Section<unknown>>(program.settings)) {
    const name = kebab(key);
    if (isSection(entry)) {
      values[key] = file[name];
      continue;
    }
    const variable = variableName(program.name, key);
    const fromFlag = parsed(entry.type, `--${name}`, flags.values.get(name));
    const fromEnvironment = parsed(entry.type, variable, input.env[variable]);
    values[key] = fromFlag ?? fromEnvironment ?? file[name] ?? entry.default;
    const given = flags.values.has(name) || input.env[variable] !== undefined || name in file;
    if (entry.required && !given) problems.push(`--${name}: must be given: ${entry.type.rule}; got nothing`);
  }
  if (problems.length > 0) throw new Failure("bad-config", "config", problems.join("\n"));
  // Each key was filled just above from the entry that gives it its type.
  return values as Values<S>;
}

function flagNames(settings: Settings): ReadonlyMap<string, FlagForm> {
  const names = new Map<string, FlagForm>([
    ["config", "value"],
    ["help", "no-value"],
  ]);
  for (const [key, entry] of Object.entries(settings)) {
    if (!isSection(entry)) names.set(kebab(key), formOf(entry.type));
  }
  return names;
}

function formOf(type: ValueType<unknown>): FlagForm {
  if (type.name === flag.name) return "no-value";
  return type.fileForm === "list" ? "list" : "value";
}
