import { z } from "zod";
import { describeError, Failure } from "../failure.ts";
import { parseSettingsFile, placesIn } from "./file.ts";
import { isSection, kebab, type Settings } from "./program.ts";
import { suggest } from "./suggest.ts";
import { hintBehind, show, type ValueType } from "./values.ts";

// As many as fit on a screen.
const MAX_PROBLEMS = 20;

/** The file's values by kebab-case name; problems are added to `problems`. */
export function readFileValues(
  settings: Settings,
  path: string,
  readFile: (path: string) => string,
  problems: string[],
): Readonly<Record<string, unknown>> {
  let document: Readonly<Record<string, unknown>>;
  let text: string;
  try {
    text = readFile(path);
    document = parseSettingsFile(path, text);
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
  const known = Object.keys(shape);
  const placeOf = placesIn(text);
  const lines = checked.error.issues.values().flatMap((issue) => issueLines(issue, known, document, placeOf));
  for (const [index, line] of lines
    .take(MAX_PROBLEMS + 1)
    .toArray()
    .entries()) {
    problems.push(index < MAX_PROBLEMS ? `${path}${line}` : `${path}: there are more problems`);
  }
  return document;
}

/** Checks one value of the file by the same rule as its flag. */
export function fileValue<T>(type: ValueType<T>): z.ZodType<T> {
  return z.unknown().transform((raw, context) => {
    const written = fileText(type, raw);
    const value = written === undefined ? undefined : type.parse(written);
    if (value !== undefined) return value;
    const params = { hint: hintBehind(type, written) };
    context.addIssue({ code: "custom", message: `must be ${type.rule}`, params });
    return z.NEVER;
  });
}

/** The same value as it stands on the command line; undefined when the file has the wrong form for its type. */
function fileText(type: ValueType<unknown>, raw: unknown): string | undefined {
  if (typeof raw === "string") return type.fileForm === "boolean" ? undefined : raw;
  if (Array.isArray(raw)) return type.fileForm === "list" ? raw.join(",") : undefined;
  return typeof raw === type.fileForm ? String(raw) : undefined;
}

/**
 * A map in the file, of which an unknown key is answered with the known one that it was probably meant to be. `rule`: what
 * it must be, for anything else than a map.
 */
export function fileMap<S extends z.ZodRawShape>(shape: S, rule: string): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "invalid_type") return rule;
      if (issue.code !== "unrecognized_keys") return undefined;
      return JSON.stringify(Object.keys(shape));
    },
  });
}

/** Lazily, because guesses for many thousand unknown keys take seconds. */
function issueLines(
  issue: z.core.$ZodIssue,
  ofProgram: readonly string[],
  document: unknown,
  placeOf: (path: readonly PropertyKey[]) => string,
): Iterable<string> {
  const at = shownPath(issue.path, document);
  if (issue.code !== "unrecognized_keys") {
    const place = placeOf(issue.path);
    const rule = ruleOf(issue).replaceAll("\n", " ");
    return [`${place}: ${at}: ${rule}, got ${show(issue.input)}${hintOf(issue)}`];
  }
  const known = at === "" ? ofProgram : keysIn(issue.message);
  return issue.keys.values().map((key) => {
    const meant = suggest(key.slice(0, 40), known);
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    const place = placeOf([...issue.path, key]);
    return `${place}: ${at === "" ? "" : `${at}.`}${show(key)} is not a setting of this program${hint}`;
  });
}

/** What a value, or the key of one, must be. */
function ruleOf(issue: z.core.$ZodIssue): string {
  return (issue.code === "invalid_key" ? issue.issues[0]?.message : undefined) ?? issue.message;
}

/** As fileValue gives it. */
function hintOf(issue: z.core.$ZodIssue): string {
  const hint: unknown = issue.code === "custom" ? issue.params?.hint : undefined;
  return typeof hint === "string" ? hint : "";
}

/** The keys that fileMap knows. */
function keysIn(message: string): readonly string[] {
  return message.startsWith("[") ? z.array(z.string()).parse(JSON.parse(message)) : [];
}

/** `sites.shop.rules[3].path`: a member of a list by its name where it has one. */
function shownPath(path: readonly PropertyKey[], document: unknown): string {
  let shown = "";
  let at = document;
  for (const step of path) {
    at = isRecord(at) ? at[String(step)] : undefined;
    const name = typeof step === "number" && isRecord(at) ? at.name : undefined;
    if (typeof name === "string" && NAME.test(name)) shown += `.${name}`;
    else if (typeof step === "number") shown += `[${step}]`;
    else shown += shown === "" ? String(step) : `.${String(step)}`;
  }
  return shown;
}

// As the names of sites and rules are.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
