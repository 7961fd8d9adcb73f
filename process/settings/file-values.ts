import { z } from "zod";
import { describeError, Failure } from "../failure.ts";
import { parseSettingsFile } from "./file.ts";
import { isSection, kebab, type Settings } from "./program.ts";
import { suggest } from "./suggest.ts";
import { show, type ValueType } from "./values.ts";

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
  const known = Object.keys(shape);
  const lines = checked.error.issues.values().flatMap((issue) => issueLines(issue, known));
  for (const [index, line] of lines
    .take(MAX_PROBLEMS + 1)
    .toArray()
    .entries()) {
    problems.push(`${path}: ${index < MAX_PROBLEMS ? line : "there are more problems"}`);
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

/** The same value as it stands on the command line; undefined when the file has the wrong form for its type. */
function fileText(type: ValueType<unknown>, raw: unknown): string | undefined {
  if (typeof raw === "string") return type.fileForm === "boolean" ? undefined : raw;
  if (Array.isArray(raw)) return type.fileForm === "list" ? raw.join(",") : undefined;
  return typeof raw === type.fileForm ? String(raw) : undefined;
}

/** Lazily, because guesses for many thousand unknown keys take seconds. */
function issueLines(issue: z.core.$ZodIssue, known: readonly string[]): Iterable<string> {
  const at = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys") {
    return [`${at}: ${issue.message.replaceAll("\n", " ")}, got ${show(issue.input)}`];
  }
  return issue.keys.values().map((key) => {
    const meant = at === "" ? suggest(key.slice(0, 40), known) : undefined;
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    return `${at === "" ? "" : `${at}.`}${show(key)} is not a setting of this program${hint}`;
  });
}
