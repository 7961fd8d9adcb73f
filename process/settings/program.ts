import { z } from "zod";
import { describeError, Failure } from "../failure.ts";
import { parseSettingsFile } from "./file.ts";
import { readFlags } from "./flags.ts";
import { suggest } from "./suggest.ts";
import { flag, show, text, type ValueType } from "./values.ts";

/** One setting: a flag, an environment variable and a key of the configuration file. */
export interface Setting<T> {
  readonly type: ValueType<T>;
  readonly default?: T;
  readonly required?: true;
  /** One sentence: meaning, unit, what zero means. */
  readonly help: string;
}

/** A part of the configuration file that is too large for a flag. */
export interface Section<T> {
  readonly schema: z.ZodType<T>;
  readonly help: string;
}

/** By camelCase name: `grpcPort` is `--grpc-port`, `EDGE_GRPC_PORT` and `grpc-port:`. */
export interface Settings {
  readonly [key: string]: Setting<unknown> | Section<unknown>;
}

export interface Program<S extends Settings> {
  /** Also the prefix of its environment variables: "edge" reads EDGE_PORT. */
  readonly name: string;
  /** How it is called: "npm run edge --". */
  readonly usage: string;
  readonly summary: string;
  readonly settings: S;
}

/** What was read: a setting without default that is not required may be undefined, as may a section. */
export type Values<S extends Settings> = { readonly [K in keyof S]: Value<S[K]> };

type Value<E> =
  E extends Section<infer T>
    ? T | undefined
    : E extends Setting<infer T>
      ? E extends { readonly default: unknown } | { readonly required: true }
        ? T
        : T | undefined
      : never;

/** Where settings come from. */
export interface SettingsInput {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
}

/** Declares one setting and keeps its value type. */
export function setting<T>(entry: { type: ValueType<T>; default: NoInfer<T>; help: string }): {
  readonly type: ValueType<T>;
  readonly default: T;
  readonly help: string;
};
export function setting<T>(entry: { type: ValueType<T>; required: true; help: string }): {
  readonly type: ValueType<T>;
  readonly required: true;
  readonly help: string;
};
export function setting<T>(entry: { type: ValueType<T>; help: string }): {
  readonly type: ValueType<T>;
  readonly help: string;
};
export function setting<T>(entry: Setting<T>): Setting<T> {
  return entry;
}

const configFile = text("the path of a YAML file");

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
    if (value === undefined) problems.push(`${label}: must be ${type.rule}, got ${show(given)}`);
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

function flagNames(settings: Settings): ReadonlyMap<string, "value" | "no-value"> {
  const names = new Map<string, "value" | "no-value">([
    ["config", "value"],
    ["help", "no-value"],
  ]);
  for (const [key, entry] of Object.entries(settings)) {
    if (!isSection(entry)) names.set(kebab(key), entry.type.name === flag.name ? "no-value" : "value");
  }
  return names;
}

/** The file's values by kebab-case name; problems are added to `problems`. */
function readFileValues(
  settings: Settings,
  path: string,
  readFile: (path: string) => string,
  problems: string[],
): Readonly<Record<string, unknown>> {
  let document: Readonly<Record<string, unknown>>;
  try {
    document = parseSettingsFile(path, readFile(path));
  } catch (thrown) {
    if (thrown instanceof Failure) problems.push(thrown.message);
    else
      problems.push(
        `--config: must be a file that can be read, got ${show(path)} (${describeError(thrown)})`,
      );
    return {};
  }
  const shape: Record<string, z.ZodType> = {};
  for (const [key, entry] of Object.entries(settings)) {
    shape[kebab(key)] = (isSection(entry) ? entry.schema : fileValue(entry.type)).optional();
  }
  const checked = z.strictObject(shape).safeParse(document, { reportInput: true });
  if (checked.success) return checked.data;
  for (const issue of checked.error.issues) {
    problems.push(...issueLines(issue, Object.keys(shape)).map((line) => `${path}: ${line}`));
  }
  return document;
}

/** Checks one value of the file by the same rule as its flag. */
export function fileValue<T>(type: ValueType<T>): z.ZodType<T> {
  return z.unknown().transform((raw, context) => {
    const written = fileText(type, raw);
    const value = written === undefined ? undefined : type.parse(written);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `must be ${type.rule}` });
    return z.NEVER;
  });
}

/** What the same value would be on the command line; undefined when a value of this type is not written so. */
function fileText(type: ValueType<unknown>, raw: unknown): string | undefined {
  if (typeof raw === "string") return type.fileForm === "boolean" ? undefined : raw;
  if (Array.isArray(raw)) return type.fileForm === "list" ? raw.join(",") : undefined;
  return typeof raw === type.fileForm ? String(raw) : undefined;
}

function issueLines(issue: z.core.$ZodIssue, known: readonly string[]): string[] {
  const at = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys") {
    return [`${at}: ${issue.message.replaceAll("\n", " ")}, got ${show(issue.input)}`];
  }
  return issue.keys.map((key) => {
    const meant = at === "" ? suggest(key.slice(0, 40), known) : undefined;
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    return `${at === "" ? "" : `${at}.`}${show(key)} is not a setting of this program${hint}`;
  });
}

function isSection(entry: Setting<unknown> | Section<unknown>): entry is Section<unknown> {
  return "schema" in entry;
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function variableName(program: string, key: string): string {
  return `${program}_${kebab(key)}`.toUpperCase().replaceAll("-", "_");
}

interface Row {
  readonly flag: string;
  readonly variable: string;
  readonly default: string;
  readonly rule: string;
  readonly help: string;
}

function rows(program: Program<Settings>): Row[] {
  const entries = Object.entries(program.settings).map(([key, entry]): Row => {
    if (isSection(entry)) {
      return {
        flag: `${kebab(key)}:`,
        variable: "",
        default: "",
        rule: "a section of the file",
        help: entry.help,
      };
    }
    const { type } = entry;
    const value = type.name === flag.name ? "" : ` <${type.name}>`;
    const fallback = entry.default === undefined ? "" : type.format(entry.default);
    return {
      flag: `--${kebab(key)}${value}`,
      variable: variableName(program.name, key),
      default: entry.required ? "required" : fallback,
      rule: type.rule,
      help: entry.help,
    };
  });
  const config: Row = {
    flag: "--config <path>",
    variable: variableName(program.name, "config"),
    default: "",
    rule: configFile.rule,
    help: "The same names without the dashes as YAML; a flag or a variable comes before it.",
  };
  return [...entries, config];
}

/** What --help prints. */
export function helpText(program: Program<Settings>): string {
  const lines = [`${program.summary}`, "", `usage: ${program.usage} [flags]`, ""];
  for (const row of rows(program)) {
    const given =
      row.default === "" ? "" : row.default === "required" ? "; required" : `; default ${row.default}`;
    lines.push(`  ${row.flag}${row.variable === "" ? "" : `  (${row.variable}${given})`}`);
    lines.push(`      ${row.help}`, `      Is ${row.rule}.`);
  }
  return `${lines.join("\n")}\n`;
}

/** The Markdown table of the README. */
export function settingsTable(program: Program<Settings>): string {
  const code = (word: string) => (word === "" ? "–" : `\`${word}\``);
  const cell = (prose: string) => prose.replaceAll("|", "\\|");
  const body = rows(program).map((row) =>
    [code(row.flag), code(row.variable), code(row.default), row.rule, row.help].map(cell).join(" | "),
  );
  const head = ["flag | environment | default | is | meaning", "--- | --- | --- | --- | ---"];
  return [...head, ...body].map((line) => `| ${line} |`).join("\n");
}
