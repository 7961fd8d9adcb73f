import { parseArgs } from "node:util";
import { suggest } from "./suggest.ts";
import { show } from "./values.ts";

/** The flags of a command line. */
export interface GivenFlags {
  /** Text by flag name without its dashes; a flag that takes no value has "true". */
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

/** What a flag takes. */
export type FlagForm = "no-value" | "value" | "list";

// A typed name is shown and compared only up to this length.
const MAX_NAME = 40;

/**
 * Reads a command line strictly: each known flag at most once, no positional argument. A flag that takes a list may be
 * given several times. `known` says for each flag name whether it takes a value.
 */
export function readFlags(known: ReadonlyMap<string, FlagForm>, argv: readonly string[]): GivenFlags {
  const options: Record<string, { type: "string" | "boolean" }> = {};
  for (const [name, takes] of known) options[name] = { type: takes === "no-value" ? "boolean" : "string" };
  // Not strict: the parser's own complaints stop at the first one and name no rule.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });

  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.kind === "positional") {
      const before = tokens[i - 1];
      // The value of an unknown flag, which is reported already.
      if (before?.kind === "option" && !known.has(before.name)) continue;
      problems.push(`${show(token.value)}: every argument must belong to a flag such as --name value`);
    }
    if (token.kind !== "option") continue;
    const takes = known.get(token.name);
    if (takes === undefined) problems.push(unknownFlag(token.rawName, token.name, known.keys()));
    else if (values.has(token.name) && takes !== "list")
      problems.push(`${token.rawName}: must be given once, got it again`);
    else if (takes === "no-value") {
      if (token.value !== undefined)
        problems.push(`${token.rawName}: takes no value, got ${show(token.value)}`);
      values.set(token.name, "true");
    } else if (token.value === undefined) problems.push(`${token.rawName}: needs a value, got nothing`);
    else if (!token.inlineValue && token.value.startsWith("--")) {
      problems.push(`${token.rawName}: needs a value, got the flag ${show(token.value)}`);
    } else {
      const before = values.get(token.name);
      values.set(token.name, before === undefined ? token.value : `${before},${token.value}`);
    }
  }
  return { values, problems };
}

function unknownFlag(raw: string, name: string, known: Iterable<string>): string {
  const meant = name.length > MAX_NAME ? undefined : suggest(name, known);
  const hint = meant === undefined ? "--help lists them all" : `did you mean --${meant}?`;
  return `${raw.slice(0, MAX_NAME)}: is not a flag of this program; ${hint}`;
}
