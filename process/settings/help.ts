import { configFile, isSection, kebab, type Program, type Settings, variableName } from "./program.ts";
import { flag } from "./values.ts";

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
    help: "The same names without the dashes, as YAML. Flags and variables override it.",
  };
  return [...entries, config];
}

/** The text that --help prints. */
export function helpText(program: Program<Settings>): string {
  const lines = [
    `${program.summary}`,
    "",
    `usage: ${program.usage} [flags]`,
    `   or: edgecache ${program.name} [flags]`,
    "",
  ];
  for (const row of rows(program)) {
    const given =
      row.default === "" ? "" : row.default === "required" ? "; required" : `; default ${row.default}`;
    lines.push(`  ${row.flag}${row.variable === "" ? "" : `  (${row.variable}${given})`}`);
    lines.push(`      ${row.help}`, `      Is ${row.rule}.`);
  }
  return `${lines.join("\n")}\n`;
}

/** The Markdown table of docs/reference.md. */
export function settingsTable(program: Program<Settings>): string {
  const code = (word: string) => (word === "" ? "–" : `\`${word}\``);
  const cell = (prose: string) => prose.replaceAll("|", "\\|");
  const body = rows(program).map((row) =>
    [code(row.flag), code(row.variable), code(row.default), row.rule, row.help].map(cell).join(" | "),
  );
  const head = ["flag | environment | default | value | meaning", "--- | --- | --- | --- | ---"];
  return [...head, ...body].map((line) => `| ${line} |`).join("\n");
}
